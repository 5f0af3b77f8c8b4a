//! What becomes of templates at Meta: stored before the answer, so that the next send obeys it.

use recado_domain::consent::Changed;
use recado_domain::delivery::CloseReason;
use recado_domain::ids::TenantId;
use recado_domain::standing::{Aspect, Edition, Quality};
use recado_domain::template::Category;
use recado_ports::{Chance, Registry, Standings, StoreError};
use recado_runtime::{Metric, count};
use recado_whatsapp::webhook::TemplateUpdate;

use crate::Deps;

impl<S, Q, C> Deps<S, Q, C>
where
    S: Registry + Standings,
    C: Chance,
    Q: Sync,
{
    /// Stores what a webhook says of a template. An account that is nobody's is logged and ignored.
    pub(crate) async fn store_template(&self, update: &TemplateUpdate) -> Result<(), StoreError> {
        let Some(tenant) = self.world.store.account(&update.account).await? else {
            tracing::warn!(account.id = %update.account, "webhook for an account that is nobody's");
            return Ok(());
        };
        let now = self.world.chance.now();
        let notes = update.notes(now);
        if notes.is_empty() {
            tracing::warn!(tenant.id = %tenant, template = %update.edition.name, "Meta says something of a template that nobody here knows");
        }
        for note in notes {
            let changed = self
                .world
                .store
                .note(&tenant, &update.edition, &note)
                .await?;
            // Meta repeats a webhook, and an older one may come late: counted is what is new.
            if changed == Changed::Yes {
                self.tell(&tenant, &update.edition, note.aspect).await?;
            }
        }
        Ok(())
    }

    /// For the log, and for the alarms over what needs somebody.
    async fn tell(
        &self,
        tenant: &TenantId,
        edition: &Edition,
        aspect: Aspect,
    ) -> Result<(), StoreError> {
        let metric = match aspect {
            Aspect::Review(review, _) => review.closes().and_then(stopped),
            Aspect::Category(now) | Aspect::Impending(now) => self
                .is_written_otherwise(tenant, edition, now)
                .await?
                .then_some(Metric::TemplateRecategorised),
            Aspect::Quality(Quality::Red) => Some(Metric::TemplateQualityLow),
            Aspect::Quality(Quality::Green | Quality::Yellow | Quality::Unknown)
            | Aspect::Edited => None,
        };
        let (version, locale) = (edition.version, edition.locale.code());
        match metric {
            Some(metric) => {
                count(metric, 1, self.world.chance.now());
                tracing::warn!(tenant.id = %tenant, template = %edition.name, version, locale, what = what(aspect), "a template needs somebody");
            }
            None => {
                tracing::info!(tenant.id = %tenant, template = %edition.name, version, locale, what = what(aspect), "a template's standing");
            }
        }
        Ok(())
    }

    /// Whether Meta's category is another than the template's own, so that consent and price differ.
    async fn is_written_otherwise(
        &self,
        tenant: &TenantId,
        edition: &Edition,
        category: Category,
    ) -> Result<bool, StoreError> {
        let (name, version) = (&edition.name, Some(edition.version));
        let template = self.world.store.template(tenant, name, version).await?;
        Ok(template.is_some_and(|template| template.category != category))
    }
}

/// What is under review stops nothing that somebody must look at.
fn stopped(reason: CloseReason) -> Option<Metric> {
    (reason != CloseReason::TemplatePending).then_some(Metric::TemplateStopped)
}

fn what(aspect: Aspect) -> &'static str {
    match aspect {
        Aspect::Review(review, _) => review.name(),
        Aspect::Category(category) | Aspect::Impending(category) => category.name(),
        Aspect::Quality(quality) => quality.name(),
        Aspect::Edited => "edited",
    }
}
