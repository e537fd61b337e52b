//! What may leave: shown tables. Raw ones can be written by nobody.

use std::marker::PhantomData;

use crate::domain::statistics::{Contributors, Row, Statistics, Table};

struct Probe<T>(PhantomData<T>);

/// What holds of a type unless it has the trait.
trait HasNot {
    const DISPLAY: bool = false;
    const SERIALIZE: bool = false;
}
impl<T> HasNot for Probe<T> {}
impl<T: std::fmt::Display> Probe<T> {
    const DISPLAY: bool = true;
}
impl<T: serde::Serialize> Probe<T> {
    const SERIALIZE: bool = true;
}

#[test]
fn raw_tables_can_be_neither_displayed_nor_serialised() {
    const { assert!(Probe::<u32>::DISPLAY && Probe::<u32>::SERIALIZE) }
    const {
        assert!(!Probe::<Statistics>::DISPLAY && !Probe::<Statistics>::SERIALIZE);
        assert!(!Probe::<Table>::DISPLAY && !Probe::<Table>::SERIALIZE);
        assert!(!Probe::<Row>::DISPLAY && !Probe::<Row>::SERIALIZE);
        assert!(!Probe::<Contributors>::DISPLAY && !Probe::<Contributors>::SERIALIZE);
    }
}
