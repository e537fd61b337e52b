//! Where values lie on an axis: round steps, integers throughout.

/// The most steps of an axis.
const STEPS_MAX: i128 = 6;

/// An axis of values from one tick to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scale {
    low: i128,
    high: i128,
    step: i128,
}

impl Scale {
    /// One that holds the values between these, with 1, 2 or 5 times a power of ten from tick to tick.
    pub fn of((low, high): (i64, i64)) -> Self {
        let (low, high) = (i128::from(low), i128::from(high).max(1));
        let mut power = 1;
        let step = loop {
            let steps = [power, power * 2, power * 5];
            if let Some(step) = steps
                .into_iter()
                .find(|step| up(high, *step) - down(low, *step) <= STEPS_MAX)
            {
                break step;
            }
            power *= 10;
        };
        Self {
            low: down(low, step) * step,
            high: up(high, step) * step,
            step,
        }
    }

    /// One whose ticks go to a known end, such as 100 %.
    pub fn up_to(high: i64, step: i64) -> Self {
        Self {
            low: 0,
            high: i128::from(high.max(1)),
            step: i128::from(step.max(1)),
        }
    }

    /// Its ticks from low to high.
    pub fn ticks(self) -> impl Iterator<Item = i64> {
        let steps = (self.high - self.low) / self.step;
        (0..=steps).filter_map(move |number| i64::try_from(self.low + number * self.step).ok())
    }

    /// How far along an axis of this length a value lies.
    pub fn along(self, value: i64, length: i64) -> i64 {
        let value = i128::from(value).clamp(self.low, self.high);
        let part = (value - self.low) * i128::from(length) / (self.high - self.low);
        i64::try_from(part).unwrap_or(length)
    }
}

/// Steps up to a value, rounded up.
fn up(value: i128, step: i128) -> i128 {
    value.div_euclid(step) + i128::from(value.rem_euclid(step) != 0)
}

fn down(value: i128, step: i128) -> i128 {
    value.div_euclid(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_hold_every_value() {
        for (span, ticks) in [
            ((0, 0), vec![0, 1]),
            ((0, 5), vec![0, 1, 2, 3, 4, 5]),
            ((0, 7), vec![0, 2, 4, 6, 8]),
            ((0, 123), vec![0, 50, 100, 150]),
            ((-40, 90), vec![-50, 0, 50, 100]),
        ] {
            let scale = Scale::of(span);
            assert_eq!(scale.ticks().collect::<Vec<_>>(), ticks, "{span:?}");
        }
    }

    #[test]
    fn a_value_lies_between_the_ends_whatever_it_is() {
        let scale = Scale::of((i64::MIN, i64::MAX));
        assert!(scale.ticks().count() <= 8);
        for value in [i64::MIN, 0, i64::MAX] {
            assert!((0..=1_000).contains(&scale.along(value, 1_000)));
        }
        assert_eq!(Scale::of((0, 100)).along(50, 1_000), 500);
        assert_eq!(Scale::up_to(1_000, 200).along(2_000, 70), 70);
    }
}
