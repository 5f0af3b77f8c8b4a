//! How often the pure parts ask for memory, against a budget. Neither the machine nor the build's profile
//! changes a count, so a step up is somebody's doing.
//!
//! Where it fails, look at what was added to that path: a copy that a borrow would do for, a `format!` whose
//! result is compared and thrown away, a list that is collected to be walked once.
//! `cargo bench -p recado-pure` shows what it costs in time. Where the new count is worth it, raise its limit
//! here to some 12 % over the count and say so in the commit; where a change has brought a count down, lower
//! its limit likewise.

use recado_pure::protocol::Moment;
use recado_pure::request::Asked;
use recado_pure::template::Message;
use recado_pure::webhook::{Grouped, Post};

#[global_allocator]
static COUNTED: dhat::Alloc = dhat::Alloc;

/// What may be asked for: how often, and how many bytes in all.
struct Budget {
    what: &'static str,
    blocks: u64,
    bytes: u64,
}

#[rustfmt::skip]
const BUDGETS: &[Budget] = &[
    Budget { what: "webhook of 1 status",                   blocks:     26, bytes:     2_878 },
    Budget { what: "webhook of 1000, together",             blocks:  9_156, bytes:   955_124 },
    Budget { what: "webhook of 1000, by number",            blocks:  9_156, bytes:   955_124 },
    Budget { what: "webhook of 1000, apart",                blocks: 17_919, bytes: 1_187_718 },
    Budget { what: "open, render pix_received",             blocks:    179, bytes:    11_784 },
    Budget { what: "mask pix_received",                     blocks:     62, bytes:     2_302 },
    Budget { what: "open, render one_time_code",            blocks:     79, bytes:     6_037 },
    Budget { what: "mask one_time_code",                    blocks:      5, bytes:       671 },
    Budget { what: "open, render payment_overdue_details",  blocks:    316, bytes:    21_715 },
    Budget { what: "mask payment_overdue_details",          blocks:    130, bytes:     4_573 },
    Budget { what: "step job",                              blocks:      2, bytes:       251 },
    Budget { what: "step paced",                            blocks:     12, bytes:     4_007 },
    Budget { what: "step posted",                           blocks:      3, bytes:       305 },
    Budget { what: "step timer",                            blocks:     16, bytes:     5_342 },
    Budget { what: "request",                               blocks:    429, bytes:    24_305 },
];

/// The counter is the process's, so all of it is one test.
#[test]
fn nothing_asks_for_more_memory_than_its_budget() {
    let posts = [
        ("webhook of 1 status", Post::of(1, Grouped::Together)),
        (
            "webhook of 1000, together",
            Post::of(1_000, Grouped::Together),
        ),
        (
            "webhook of 1000, by number",
            Post::of(1_000, Grouped::ByNumber),
        ),
        ("webhook of 1000, apart", Post::of(1_000, Grouped::Apart)),
    ];
    let (messages, moments, asked) = (Message::samples(), Moment::samples(), Asked::sample());
    let mut counted = Counted::default();
    let _profiler = dhat::Profiler::builder().testing().build();
    for (name, post) in &posts {
        counted.count((*name).to_owned(), || post.take_in());
    }
    for message in &messages {
        counted.count(format!("open, render {}", message.name), || {
            message.prepare()
        });
        counted.count(format!("mask {}", message.name), || message.mask());
    }
    for moment in &moments {
        counted.count(format!("step {}", moment.name), || moment.decide());
    }
    counted.count("request".to_owned(), || asked.accept());
    counted.compare();
}

/// What was asked for.
#[derive(Default)]
struct Counted(Vec<(String, u64, u64)>);

impl Counted {
    fn count<T>(&mut self, what: String, work: impl Fn() -> T) {
        // What is made once and kept is not this work's.
        drop(work());
        let before = dhat::HeapStats::get();
        let made = work();
        let after = dhat::HeapStats::get();
        drop(made);
        let blocks = after.total_blocks - before.total_blocks;
        let bytes = after.total_bytes - before.total_bytes;
        self.0.push((what, blocks, bytes));
    }

    /// All that is over its budget, or without one, in one go.
    fn compare(&self) {
        let within = |(what, blocks, bytes): &&(String, u64, u64)| {
            let mut budgets = BUDGETS.iter().filter(|budget| budget.what == *what);
            budgets.any(|budget| *blocks <= budget.blocks && *bytes <= budget.bytes)
        };
        let over: Vec<_> = self.0.iter().filter(|it| !within(it)).collect();
        let counted: Vec<_> = self.0.iter().map(|(what, ..)| what.as_str()).collect();
        let budgets: Vec<_> = BUDGETS.iter().map(|budget| budget.what).collect();
        assert!(
            over.is_empty(),
            "asks for too much (blocks, bytes): {over:#?}"
        );
        assert_eq!(counted, budgets);
    }
}
