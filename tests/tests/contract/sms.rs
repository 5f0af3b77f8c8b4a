//! SMS on SNS: one Publish per call, and an end that is never called "not sent" once it may have left.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use recado_domain::delivery::PostOutcome;
use recado_domain::phone::E164;
use recado_local::aws::{Loss, Verdict};
use recado_ports::SmsChannel;
use recado_runtime::Retries;
use recado_sms::Sms;

use super::{OPTED_OUT, Wire};

/// How long a Publish may take here.
const ATTEMPT: Duration = Duration::from_secs(5);

/// What became of a Publish, and how many SMS left.
async fn publish(wire: &Wire, to: &str, attempt: Duration) -> Result<(PostOutcome, usize)> {
    let sms = Sms::new(wire.clients.sns(Retries::Never, attempt));
    let outcome = sms.send(&E164::parse(to)?, "Ola", None).await;
    let left = wire.sms.lock().expect("nobody panicked here").len();
    Ok((outcome, left))
}

#[tokio::test]
async fn an_sms_whose_answer_is_lost_is_unknown_and_left_once() -> Result<()> {
    for loss in [Loss::Cut, Loss::InternalError] {
        let wire = Wire::start().await?;
        // The first opens the connection that the second finds open.
        for already in 0..2 {
            wire.aws
                .interfere(Arc::new(move |_, _| Verdict::LoseAnswer(loss)));
            let lost = publish(&wire, "+5511912345678", ATTEMPT).await?;
            assert_eq!(lost, (PostOutcome::Unknown, 2 * already + 1), "{loss:?}");
            wire.aws.interfere(Arc::new(|_, _| Verdict::Pass));
            let (outcome, left) = publish(&wire, "+5511912345678", ATTEMPT).await?;
            assert!(
                matches!(outcome, PostOutcome::Accepted { .. }),
                "{outcome:?}"
            );
            assert_eq!(left, 2 * already + 2, "{loss:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_sms_whose_answer_takes_too_long_is_unknown() -> Result<()> {
    let wire = Wire::start().await?;
    let slow = Verdict::Delay(Duration::from_secs(30));
    wire.aws.interfere(Arc::new(move |_, _| slow));
    let (outcome, _) = publish(&wire, "+5511912345678", Duration::from_millis(200)).await?;
    assert_eq!(outcome, PostOutcome::Unknown);
    Ok(())
}

#[tokio::test]
async fn an_sms_that_was_refused_has_not_left() -> Result<()> {
    let wire = Wire::start().await?;
    let (outcome, left) = publish(&wire, OPTED_OUT, ATTEMPT).await?;
    assert!(matches!(outcome, PostOutcome::Rejected(_)), "{outcome:?}");
    assert_eq!(left, 0);
    wire.aws.interfere(Arc::new(|_, _| Verdict::Throttle));
    let (outcome, left) = publish(&wire, "+5511912345678", ATTEMPT).await?;
    assert!(
        matches!(outcome, PostOutcome::NotSent { .. }),
        "{outcome:?}"
    );
    assert_eq!(left, 0);
    Ok(())
}
