//! What a send takes for granted: for a Meta that has seen nothing of what came before it.

use jiff::Timestamp;
use serde_json::Value;

use super::{Meta, MetaTemplate, admit, send::Whom};

impl Meta {
    /// Makes true what a send through this number presumes, so that a Meta made for this one request
    /// answers as one that was there all the time: its template is approved in the form in which it is
    /// used, its files were uploaded by the number, and of the attempts that its callback data counts
    /// (`ntf_….3`) the earlier ones were made.
    ///
    /// What the request itself says is checked as ever. What only the approved text could tell (a
    /// parameter too few, a button that is not there) is not.
    pub fn grant(&mut self, number: &str, request: &Value, now: Timestamp) {
        let waba = self.number(number).map(|(waba, _)| waba.to_owned());
        let template = request.get("template").and_then(MetaTemplate::implied_by);
        if let (Some(waba), Some(template)) = (waba, template) {
            self.seed_template(&waba, template);
        }
        for id in admit::media_ids(request) {
            self.media.suppose(number, id, now);
        }
        let data = request["biz_opaque_callback_data"].as_str();
        let attempt = data.and_then(|data| data.rsplit_once('.')?.1.parse::<u32>().ok());
        if let (Some(notification), Some(attempt)) = (Whom::of(request).notification, attempt) {
            self.throttled
                .insert(notification, attempt.saturating_sub(1));
        }
    }
}
