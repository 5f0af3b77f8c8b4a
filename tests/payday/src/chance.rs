//! Chance that can be repeated: every draw is a function of the seed, whom it is about, and what for.

/// What a draw is for, so that two questions about one notification have nothing to do with each other.
#[derive(Clone, Copy, Debug)]
pub(crate) enum About {
    Template,
    Number,
    Customer,
    Asks,
    AsksAgain,
    Post,
    Phone,
    Delivery,
    Read,
    Token,
    Sandbox,
}

/// A source of draws.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// 64 bits about `whom`.
    pub(crate) fn bits(self, about: About, whom: u64) -> u64 {
        let mut bits = self
            .0
            .wrapping_add((about as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
            .wrapping_add(whom.wrapping_mul(0xd134_2543_de82_ef95));
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Less than `most`; zero where that is zero.
    pub(crate) fn below(self, about: About, whom: u64, most: u32) -> u32 {
        // The upper half of a product is less than either factor.
        let share = (self.bits(about, whom) >> 32) * u64::from(most);
        u32::try_from(share >> 32).unwrap_or_default()
    }
}
