//! What Meta says of an edition: each aspect with its order, so that one condition tells old from new.
//!
//! | attribute | holds |
//! |---|---|
//! | `ro`, `rv`, `rr` | review: order, state, why it was refused |
//! | `co`, `cv` | category |
//! | `io`, `iv` | the category that Meta has announced |
//! | `qo`, `qv` | quality |
//! | `eo` | the last change of its text |

use recado_domain::standing::{Aspect, Edition, Held, Quality, Reason, Review, Standing};
use recado_domain::template::Category;
use recado_domain::{ids::TemplateName, locale::Locale};
use recado_ports::StoreError;

use crate::attributes::{Item, Reader};
use crate::keys::META;

/// An aspect's attributes: the one of its order, and the others with their values.
pub(crate) fn attributes(aspect: Aspect) -> (&'static str, Vec<(&'static str, &'static str)>) {
    match aspect {
        Aspect::Review(review, reason) => {
            ("ro", vec![("rv", review.name()), ("rr", reason.name())])
        }
        Aspect::Category(category) => ("co", vec![("cv", category.name())]),
        Aspect::Impending(category) => ("io", vec![("iv", category.name())]),
        Aspect::Quality(quality) => ("qo", vec![("qv", quality.name())]),
        Aspect::Edited => ("eo", Vec::new()),
    }
}

pub(crate) fn standing(item: &Item) -> Result<Standing, StoreError> {
    let item = Reader::new("a template's standing", item)?;
    let review = |name: &str| item.parsed(name, Review::parse);
    let reason = |name: &str| item.parsed(name, Reason::parse);
    Ok(Standing {
        review: held(&item, "ro", || Ok((review("rv")?, reason("rr")?)))?,
        category: held(&item, "co", || item.parsed("cv", Category::parse))?,
        impending: held(&item, "io", || item.parsed("iv", Category::parse))?,
        quality: held(&item, "qo", || item.parsed("qv", Quality::parse))?,
        edited: held(&item, "eo", || Ok(()))?,
    })
}

fn held<T>(
    item: &Reader<'_>,
    order: &str,
    value: impl FnOnce() -> Result<T, StoreError>,
) -> Result<Option<Held<T>>, StoreError> {
    let Some(order) = item.optional_number(order)? else {
        return Ok(None);
    };
    let value = value()?;
    Ok(Some(Held { value, order }))
}

/// Which edition a sort key stands for.
pub(crate) fn edition(name: &TemplateName, sort_key: &str) -> Option<Edition> {
    let (version, locale) = sort_key.strip_prefix(META)?.split_once('#')?;
    Some(Edition {
        name: name.clone(),
        version: version.parse().ok()?,
        locale: Locale::parse(locale)?,
    })
}
