//! One table while it is counted: what is in its rows, and who stands behind that.
//!
//! Columns of a row overlap: who is 31 days late is also 1 day late. So a row is kept in parts that do not
//! ([`Indicator::parts`]), each of which belongs to one or more cells, and what is counted goes into one part instead of
//! every cell. A cell is the sum of its parts. Subjects cannot be summed so: one that is in two parts of a cell is one subject
//! behind it. Those are kept apart, by cell; there are few.

use std::ops::Range;

use super::axis::{Axis, place_of};
use super::cells::{Cut, Strides, coarser_row, rows_of};
use super::contributors::Contributors;
use super::indicator::Indicator;
use super::sums::Sums;
use super::told::Told;

/// Something to count: what a loan or a subject adds to a part of a row. There are a score of each loan: they are small.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// 1, or of an amount not 0.
    pub value: i64,
    /// Of an amount the first one alone.
    pub lenders: Told,
    /// Whose it is: entries of one subject lie together.
    pub subject: u16,
    /// The row among those of the indicator's own axes, and among those of all but the last of them.
    pub own: u16,
    pub whole: u16,
    pub part: u8,
    pub cut: Cut,
}

/// What is in use while entries are added; kept so that nothing is allocated for it.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// The row of each entry.
    rows: Vec<u32>,
    /// Entries of a subject in the order of their cells: row, part and number of each.
    order: Vec<u64>,
}

/// Subjects behind something.
#[derive(Debug, Clone, Copy, Default)]
struct People {
    subjects: u64,
    /// What the largest two add.
    largest: [i128; 2],
}

impl People {
    fn add(&mut self, value: i128) {
        self.subjects += 1;
        rank(&mut self.largest, value);
    }

    /// Adds others, none of whom is among these.
    fn join(&mut self, others: &Self) {
        self.subjects += others.subjects;
        for value in others.largest {
            rank(&mut self.largest, value);
        }
    }
}

/// A part of a row.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    sum: i128,
    /// Its subjects, but for those that are told cell by cell.
    people: People,
}

impl Part {
    /// Adds what one subject has.
    fn add(&mut self, sum: i128) {
        self.sum += sum;
        self.people.add(sum);
    }

    /// Adds what others have, none of whom is among these.
    fn join(&mut self, others: &Self) {
        self.sum += others.sum;
        self.people.join(&others.people);
    }
}

/// Which lenders are behind the parts of a row.
#[derive(Debug)]
enum Lenders {
    /// Of counts: those told apart, of each part of each row.
    Told(Vec<Told>),
    /// Of amounts: what each lender adds to each part of each row.
    Sums(Sums),
    /// Of amounts whose lenders are those of rows of another table.
    Elsewhere,
}

/// What the tables of an indicator have in common.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    /// Cells of a row.
    pub width: usize,
    /// The cells of each part, a bit for each.
    pub parts: Vec<u16>,
    pub is_amount: bool,
}

impl Shape {
    /// Of an indicator's counts or of its amounts.
    pub fn of(indicator: Indicator, is_amount: bool) -> Self {
        Self {
            width: indicator.cells_of_row(is_amount),
            parts: indicator.parts(is_amount),
            is_amount,
        }
    }

    fn has(&self, part: usize, cell: usize) -> bool {
        self.parts[part] >> cell & 1 == 1
    }

    fn parts_of(&self, cell: usize) -> impl Iterator<Item = usize> + Clone {
        (0..self.parts.len()).filter(move |part| self.has(*part, cell))
    }
}

/// A table.
#[derive(Debug)]
pub(super) struct Tally {
    shape: Shape,
    cuts: &'static [Axis],
    strides: Strides,
    /// Rows of own axes that lie in one row of the cuts, and whether these are without the last one.
    own_rows: usize,
    is_whole: bool,
    rows: usize,
    parts: Vec<Part>,
    /// By row and cell, subjects that are in two parts of any one of the row's cells.
    mixed: Vec<People>,
    lenders: Lenders,
}

impl Tally {
    /// An empty table of these cuts and of so many rows of own axes, which are those without the last one if it is of wholes.
    pub fn new(shape: Shape, cuts: &'static [Axis], own_rows: usize, is_whole: bool) -> Self {
        let rows = rows_of(cuts) * own_rows;
        let parts = rows * shape.parts.len();
        let lenders = if shape.is_amount {
            Lenders::Sums(Sums::new(rows, shape.parts.len()))
        } else {
            Lenders::Told(vec![Told::default(); parts])
        };
        Self {
            cuts,
            strides: Strides::of(cuts, own_rows),
            own_rows,
            is_whole,
            rows,
            parts: vec![Part::default(); parts],
            mixed: vec![People::default(); rows * shape.width],
            lenders,
            shape,
        }
    }

    /// The same, when what each lender adds to amounts is known from another table.
    pub fn without_sums(self) -> Self {
        let lenders = match self.lenders {
            Lenders::Sums(_) => Lenders::Elsewhere,
            lenders => lenders,
        };
        Self { lenders, ..self }
    }

    /// How many rows it has.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    fn row_of(&self, entry: &Entry) -> usize {
        let own = if self.is_whole { entry.whole } else { entry.own };
        self.strides.row(entry.cut) + usize::from(own)
    }

    /// Adds all that some subjects have, and what each lender adds to an amount where that does not say so.
    pub fn add(&mut self, entries: &[Entry], shares: &[Entry], work: &mut Work) {
        if !shares.is_empty() {
            self.place(shares, work);
            self.add_lenders(shares, &work.rows);
        }
        self.place(entries, work);
        self.add_lenders(entries, &work.rows);
        let mut rows = work.rows.as_slice();
        for of_subject in entries.chunk_by(|one, other| one.subject == other.subject) {
            let (own, others) = rows.split_at(of_subject.len());
            let (first, row) = (&of_subject[0], own[0]);
            let mut placed = of_subject.iter().zip(own);
            if placed.all(|(entry, other)| *other == row && entry.part == first.part) {
                let sum = of_subject.iter().map(|entry| i128::from(entry.value)).sum();
                self.part(place_of(row), first.part.into()).add(sum);
            } else {
                self.add_subject(of_subject, own, &mut work.order);
            }
            rows = others;
        }
    }

    fn place(&self, entries: &[Entry], work: &mut Work) {
        work.rows.clear();
        let rows = entries.iter().map(|entry| number_of(self.row_of(entry)));
        work.rows.extend(rows);
    }

    fn part(&mut self, row: usize, part: usize) -> &mut Part {
        &mut self.parts[row * self.shape.parts.len() + part]
    }

    /// Adds what one subject has.
    fn add_subject(&mut self, entries: &[Entry], rows: &[u32], order: &mut Vec<u64>) {
        order.clear();
        let keys = entries.iter().zip(rows).zip(0..);
        order.extend(keys.map(|((entry, row), number)| key_of(*row, entry.part, number)));
        order.sort_unstable();
        for of_row in order.chunk_by(|one, other| is_same(*one, *other, ROW_BIT)) {
            self.add_to_row(of_row, entries);
        }
    }

    /// Adds what a subject has in a row.
    fn add_to_row(&mut self, keys: &[u64], entries: &[Entry]) {
        let row = row_of(keys[0]);
        let is_one_part = is_same(keys[0], keys[keys.len() - 1], PART_BIT);
        if is_one_part {
            let (part, sum) = sum_of(keys, entries);
            self.part(row, part).add(sum);
        } else {
            self.add_parts(row, keys, entries);
        }
    }

    /// Adds what a subject has in several parts of a row.
    fn add_parts(&mut self, row: usize, keys: &[u64], entries: &[Entry]) {
        let of_parts = || {
            let of_parts = keys.chunk_by(|one, other| is_same(*one, *other, PART_BIT));
            of_parts.map(|keys| sum_of(keys, entries))
        };
        let (mut met, mut overlap) = (0, 0);
        for (part, _) in of_parts() {
            overlap |= met & self.shape.parts[part];
            met |= self.shape.parts[part];
        }
        for (part, sum) in of_parts() {
            let kept = self.part(row, part);
            kept.sum += sum;
            if overlap == 0 {
                kept.people.add(sum);
            }
        }
        let shape = &self.shape;
        for cell in (0..shape.width).filter(|cell| overlap != 0 && met >> cell & 1 == 1) {
            let of_cell = of_parts().filter(|(part, _)| shape.has(*part, cell));
            let sum = of_cell.map(|(_, sum)| sum).sum();
            self.mixed[row * shape.width + cell].add(sum);
        }
    }

    fn add_lenders(&mut self, entries: &[Entry], rows: &[u32]) {
        let parts = self.shape.parts.len();
        let rows = rows.iter().map(|row| place_of(*row));
        match &mut self.lenders {
            Lenders::Told(told) => {
                for (entry, row) in entries.iter().zip(rows) {
                    told[row * parts + usize::from(entry.part)].join(&entry.lenders);
                }
            }
            Lenders::Sums(sums) => {
                for (entry, row) in entries.iter().zip(rows) {
                    if let Some(lender) = entry.lenders.first() {
                        sums.add(place_of(lender), entry.part.into(), row, entry.value);
                    }
                }
            }
            Lenders::Elsewhere => {}
        }
    }

    /// Adds up a table that is cut finer, in which each subject is in one row.
    pub fn add_up(&mut self, finer: &Self) {
        for row in 0..finer.rows {
            let (cut, own) = (row / finer.own_rows, row % finer.own_rows);
            let to = coarser_row(self.cuts, finer.cuts, cut) * self.own_rows + own;
            self.join_row(to, finer, row);
        }
    }

    fn join_row(&mut self, row: usize, other: &Self, from: usize) {
        let cells = |row: usize, width: usize| row * width..(row + 1) * width;
        let (parts, width) = (self.shape.parts.len(), self.shape.width);
        let more = &other.parts[cells(from, parts)];
        for (part, more) in self.parts[cells(row, parts)].iter_mut().zip(more) {
            part.join(more);
        }
        let more = &other.mixed[cells(from, width)];
        for (people, more) in self.mixed[cells(row, width)].iter_mut().zip(more) {
            people.join(more);
        }
        if let (Lenders::Told(told), Lenders::Told(more)) = (&mut self.lenders, &other.lenders) {
            let more = &more[cells(from, parts)];
            let told = &mut told[cells(row, parts)];
            told.iter_mut().zip(more).for_each(|(told, more)| told.join(more));
        }
    }

    /// Adds the same table of other subjects, whose lenders have other numbers here.
    pub fn merge(&mut self, other: &Self, renumbered: &[u32]) {
        for (part, more) in self.parts.iter_mut().zip(&other.parts) {
            part.join(more);
        }
        for (people, more) in self.mixed.iter_mut().zip(&other.mixed) {
            people.join(more);
        }
        match (&mut self.lenders, &other.lenders) {
            (Lenders::Told(told), Lenders::Told(more)) => {
                for (told, more) in told.iter_mut().zip(more) {
                    told.join(&more.renumbered(renumbered));
                }
            }
            (Lenders::Sums(sums), Lenders::Sums(more)) => sums.merge(more, renumbered),
            // Tables of one shape keep the same, and these nothing.
            _ => {}
        }
    }

    /// What a cell of a row adds up to.
    pub fn value(&self, row: usize, cell: usize) -> i128 {
        let first = row * self.shape.parts.len();
        let parts = self.shape.parts_of(cell);
        parts.map(|part| self.parts[first + part].sum).sum()
    }

    /// Who is behind a cell of some rows that have no subject in common; of an amount the subjects alone.
    pub fn behind(&self, rows: Range<usize>, cell: usize) -> Contributors {
        let mut people = People::default();
        let mut told = Told::default();
        for row in rows {
            people.join(&self.mixed[row * self.shape.width + cell]);
            let first = row * self.shape.parts.len();
            for place in self.shape.parts_of(cell).map(|part| first + part) {
                people.join(&self.parts[place].people);
                if let Lenders::Told(all) = &self.lenders {
                    told.join(&all[place]);
                }
            }
        }
        let is_amount = self.shape.is_amount;
        Contributors {
            subjects: people.subjects,
            lenders: told.len(),
            largest_subjects: if is_amount { people.largest } else { [0; 2] },
            ..Contributors::default()
        }
    }

    /// What each lender adds to a cell of amounts in some rows together, by their numbers.
    pub fn lenders_of(&self, rows: &(impl Iterator<Item = usize> + Clone), cell: usize) -> Vec<i128> {
        match &self.lenders {
            Lenders::Sums(sums) => sums.of_lenders(rows, &self.shape.parts_of(cell)),
            Lenders::Told(_) | Lenders::Elsewhere => Vec::new(),
        }
    }

    /// How many numbers are held.
    #[cfg(test)]
    pub fn held(&self) -> usize {
        let lenders = match &self.lenders {
            Lenders::Told(told) => told.len() * super::contributors::LENDERS_TOLD,
            Lenders::Sums(sums) => sums.held(),
            Lenders::Elsewhere => 0,
        };
        self.parts.len() * 4 + self.mixed.len() * 3 + lenders
    }
}

/// Where the parts of a key begin, in bits: a row, a part and the number of an entry.
const ROW_BIT: u32 = 40;
const PART_BIT: u32 = 32;

/// A place in the order of cells.
fn key_of(row: u32, part: u8, number: u32) -> u64 {
    u64::from(row) << ROW_BIT | u64::from(part) << PART_BIT | u64::from(number)
}

fn row_of(key: u64) -> usize {
    usize::try_from(key >> ROW_BIT).unwrap_or(usize::MAX)
}

fn entry_of(key: u64) -> usize {
    usize::try_from(key & u64::from(u32::MAX)).unwrap_or(usize::MAX)
}

/// The part that these keys of one cell are of, and what their entries come to.
fn sum_of(keys: &[u64], entries: &[Entry]) -> (usize, i128) {
    let entries = keys.iter().map(|key| &entries[entry_of(*key)]);
    let part = entries.clone().next().map_or(0, |entry| entry.part.into());
    (part, entries.map(|entry| i128::from(entry.value)).sum())
}

/// Whether two keys agree from a bit on.
const fn is_same(one: u64, other: u64, bit: u32) -> bool {
    (one ^ other) >> bit == 0
}

/// Numbers of rows are small: lists are.
fn number_of(row: usize) -> u32 {
    u32::try_from(row).unwrap_or(u32::MAX)
}

/// Puts a number among the largest two.
pub(super) fn rank(largest: &mut [i128; 2], number: i128) {
    if number > largest[0] {
        *largest = [number, largest[0]];
    } else if number > largest[1] {
        largest[1] = number;
    }
}
