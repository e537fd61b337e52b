//! One table while it is counted: what is in its rows, and who stands behind that.
//!
//! Columns of a row overlap: who is 31 days late is also 1 day late. So a row is kept in parts that do not
//! ([`Indicator::parts`]), each of which belongs to one or more cells, and what is counted goes into one part instead of
//! every cell. A cell is the sum of its parts. Subjects cannot be summed so: one that is in two parts of a cell is one subject
//! behind it. Those are kept apart, by cell; there are few.

use super::axis::Axis;
use super::cells::{Cut, rows_of};
use super::contributors::{Contributors, LENDERS_TOLD};
use super::indicator::Indicator;

/// The most parts of a row.
pub(super) const PARTS_MAX: usize = 10;

/// Lenders of one entry, by their numbers: the first one alone of an amount, up to as many as are told apart of a count.
pub(super) type Told = [Option<usize>; LENDERS_TOLD];

/// Something to count: what a loan or a subject adds to a part of a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub cut: Cut,
    /// The row among those of the indicator's own axes.
    pub own: usize,
    pub part: usize,
    /// Of an amount not 0.
    pub value: i128,
    pub lenders: Told,
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

/// Which lenders are behind the parts of a row.
#[derive(Debug)]
enum Lenders {
    /// Of counts: those told apart, of each part of each row.
    Told(Vec<Told>),
    /// Of amounts: what each lender adds to each part of each row, lender by lender and then part by part, so that what a
    /// lender's common loans add to lies close together.
    Sums(Vec<i128>),
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

    fn parts_of(&self, cell: usize) -> impl Iterator<Item = usize> {
        (0..self.parts.len()).filter(move |part| self.has(*part, cell))
    }
}

/// A table.
#[derive(Debug)]
pub(super) struct Tally {
    shape: Shape,
    strides: Cut,
    /// Rows of the indicator's own axes that lie in one row of the cuts, and how many of them are one here.
    own_rows: usize,
    own_in_one: usize,
    rows: usize,
    parts: Vec<Part>,
    /// By row and cell, subjects that are in two parts of any one of the row's cells.
    mixed: Vec<People>,
    lenders: Lenders,
}

impl Tally {
    /// An empty table of these cuts; `own_in_one` of the rows of its own axes are one: 1, or all of the last axis.
    pub fn new(shape: Shape, cuts: &'static [Axis], own_rows: usize, own_in_one: usize) -> Self {
        let rows = rows_of(cuts) * own_rows / own_in_one;
        let parts = rows * shape.parts.len();
        let lenders = if shape.is_amount {
            Lenders::Sums(Vec::new())
        } else {
            Lenders::Told(vec![Told::default(); parts])
        };
        Self {
            strides: Cut::strides(cuts),
            own_rows,
            own_in_one,
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
        let row = entry.cut.row(&self.strides) * self.own_rows + entry.own;
        // Dividing takes as long as all the rest.
        if self.own_in_one == 1 {
            row
        } else {
            row / self.own_in_one
        }
    }

    /// Adds all that one subject has.
    pub fn add_subject(&mut self, entries: &[Entry], order: &mut Vec<(usize, usize)>) {
        if let [entry] = entries {
            return self.add_to_row(self.row_of(entry), std::iter::once(entry));
        }
        if self.rows == 1 {
            return self.add_to_row(0, entries.iter());
        }
        order.clear();
        order.extend(entries.iter().map(|entry| self.row_of(entry)).zip(0..));
        order.sort_unstable();
        for of_row in order.chunk_by(|one, other| one.0 == other.0) {
            self.add_to_row(of_row[0].0, of_row.iter().map(|(_, entry)| &entries[*entry]));
        }
    }

    /// Adds what a subject has in a row.
    fn add_to_row<'e>(&mut self, row: usize, entries: impl Iterator<Item = &'e Entry> + Clone) {
        let mut parts = 0_u16;
        let (mut last, mut sum) = (0, 0);
        for entry in entries.clone() {
            parts |= 1 << entry.part;
            last = entry.part;
            sum += entry.value;
            self.add_lenders(row, entry);
        }
        if parts.is_power_of_two() {
            let kept = &mut self.parts[row * self.shape.parts.len() + last];
            kept.sum += sum;
            kept.people.add(sum);
        } else {
            self.add_parts(row, entries);
        }
    }

    /// Adds what a subject has in several parts of a row.
    fn add_parts<'e>(&mut self, row: usize, entries: impl Iterator<Item = &'e Entry>) {
        let mut sums = [None; PARTS_MAX];
        for entry in entries {
            *sums[entry.part].get_or_insert(0) += entry.value;
        }
        let shape = &self.shape;
        let found = || (0..shape.parts.len()).filter_map(|part| Some((part, sums[part]?)));
        let (mut met, mut overlap) = (0, 0);
        for (part, _) in found() {
            overlap |= met & shape.parts[part];
            met |= shape.parts[part];
        }
        for (part, sum) in found() {
            let kept = &mut self.parts[row * shape.parts.len() + part];
            kept.sum += sum;
            if overlap == 0 {
                kept.people.add(sum);
            }
        }
        if overlap != 0 {
            for cell in (0..shape.width).filter(|cell| met >> cell & 1 == 1) {
                let of_cell = found().filter(|(part, _)| shape.has(*part, cell));
                let sum = of_cell.map(|(_, sum)| sum).sum();
                self.mixed[row * shape.width + cell].add(sum);
            }
        }
    }

    fn add_lenders(&mut self, row: usize, entry: &Entry) {
        let parts = self.shape.parts.len();
        match &mut self.lenders {
            Lenders::Told(told) => tell(&mut told[row * parts + entry.part], &entry.lenders),
            Lenders::Sums(sums) => {
                let Some(lender) = entry.lenders[0] else { return };
                let first = (lender * parts + entry.part) * self.rows;
                if sums.len() <= first {
                    sums.resize((lender + 1) * parts * self.rows, 0);
                }
                sums[first + row] += entry.value;
            }
            Lenders::Elsewhere => {}
        }
    }

    /// Adds the same table of other subjects, whose lenders have other numbers here.
    pub fn merge(&mut self, other: &Self, renumbered: &[usize]) {
        let parts = self.shape.parts.len();
        for (part, more) in self.parts.iter_mut().zip(&other.parts) {
            part.sum += more.sum;
            part.people.join(&more.people);
        }
        for (people, more) in self.mixed.iter_mut().zip(&other.mixed) {
            people.join(more);
        }
        match (&mut self.lenders, &other.lenders) {
            (Lenders::Told(told), Lenders::Told(more)) => {
                for (told, more) in told.iter_mut().zip(more) {
                    tell(told, &more.map(|lender| Some(renumbered[lender?])));
                }
            }
            (Lenders::Sums(sums), Lenders::Sums(more)) => {
                let of_lender = self.rows * parts;
                for (more, lender) in more.chunks(of_lender).zip(renumbered) {
                    let end = (lender + 1) * of_lender;
                    sums.resize(sums.len().max(end), 0);
                    let kept = &mut sums[end - of_lender..end];
                    kept.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
                }
            }
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

    /// Who is behind a cell of a row; of an amount the subjects alone.
    pub fn behind(&self, row: usize, cell: usize) -> Contributors {
        let first = row * self.shape.parts.len();
        let mut people = self.mixed[row * self.shape.width + cell];
        for part in self.shape.parts_of(cell) {
            people.join(&self.parts[first + part].people);
        }
        let mut told = Told::default();
        if let Lenders::Told(all) = &self.lenders {
            let parts = self.shape.parts_of(cell);
            parts.for_each(|part| tell(&mut told, &all[first + part]));
        }
        let is_amount = self.shape.is_amount;
        Contributors {
            subjects: people.subjects,
            lenders: told.iter().flatten().count(),
            largest_subjects: if is_amount { people.largest } else { [0; 2] },
            ..Contributors::default()
        }
    }

    /// What each lender adds to a cell of amounts in some rows together, by their numbers.
    pub fn lenders_of(&self, rows: &(impl Iterator<Item = usize> + Clone), cell: usize) -> Vec<i128> {
        let Lenders::Sums(sums) = &self.lenders else {
            return Vec::new();
        };
        let of_lenders = sums.chunks(self.rows * self.shape.parts.len());
        let of_lender = |sums: &[i128]| {
            let parts = self.shape.parts_of(cell);
            let rows = || rows.clone();
            let of_part = |part: usize| rows().map(|row| sums[part * self.rows + row]).sum::<i128>();
            parts.map(of_part).sum()
        };
        of_lenders.map(of_lender).collect()
    }

    /// How many numbers are held.
    #[cfg(test)]
    pub fn held(&self) -> usize {
        let lenders = match &self.lenders {
            Lenders::Told(told) => told.len() * LENDERS_TOLD,
            Lenders::Sums(sums) => sums.len(),
            Lenders::Elsewhere => 0,
        };
        self.parts.len() * 4 + self.mixed.len() * 3 + lenders
    }
}

/// One lender.
pub(super) const fn only(lender: usize) -> Told {
    [Some(lender), None, None]
}

/// Tells more lenders apart, as long as there is room.
pub(super) fn tell(told: &mut Told, more: &Told) {
    for lender in more.iter().flatten() {
        for known in &mut *told {
            if *known.get_or_insert(*lender) == *lender {
                break;
            }
        }
    }
}

/// Puts a number among the largest two.
pub(super) fn rank(largest: &mut [i128; 2], number: i128) {
    if number > largest[0] {
        *largest = [number, largest[0]];
    } else if number > largest[1] {
        largest[1] = number;
    }
}
