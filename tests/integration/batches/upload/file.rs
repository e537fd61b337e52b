//! Files of invented loans.

use std::collections::BTreeMap;

use tallystick::import::table::columns::{Column, names_of, template};

/// Somebody of a number.
#[derive(Debug, Clone, Copy)]
pub struct Person(pub usize);

impl Person {
    /// With the check digit of GB 11643.
    pub fn national_id(self) -> String {
        let body = format!(
            "11010519{:02}12{:02}{:03}",
            50 + self.0 / 5_000 % 40,
            1 + self.0 / 250 % 20,
            self.0 % 250
        );
        let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        let digits = body.chars().filter_map(|digit| digit.to_digit(10));
        let sum: u32 = digits.zip(weights).map(|(digit, weight)| digit * weight).sum();
        let check = "10X98765432".chars().zip(0..).find(|(_, rest)| *rest == sum % 11);
        format!("{body}{}", check.unwrap().0)
    }

    pub fn mobile(self) -> String {
        format!("199{:08}", self.0)
    }
}

/// Rows under names.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    names: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Loans, one of each person, as the template has them.
pub fn loans(count: usize, sequence: u64) -> Table {
    let columns = template();
    let rows = (0..count).map(|number| {
        let own = BTreeMap::from([
            ("account_ref", format!("L-{number}")),
            ("sequence", sequence.to_string()),
            ("liability_1_national_id", Person(number).national_id()),
            ("liability_1_mobile", Person(number).mobile()),
        ]);
        columns
            .iter()
            .map(|column| {
                own.get(column.name().as_str())
                    .cloned()
                    .unwrap_or_else(|| example(*column))
            })
            .collect()
    });
    Table {
        names: names_of(&columns),
        rows: rows.collect(),
    }
}

fn example(column: Column) -> String {
    match column {
        Column::Field(field) | Column::Minor(field) => field.example().to_owned(),
        Column::Liability(0, part) => part.example().to_owned(),
        Column::Liability(_, _) => String::new(),
    }
}

impl Table {
    pub fn read(path: &str) -> Self {
        let mut reader = csv::Reader::from_path(path).unwrap();
        let owned = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
        let names = owned(reader.headers().unwrap());
        let rows = reader.records().map(|row| owned(&row.unwrap())).collect();
        Self { names, rows }
    }

    pub fn text(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.names).unwrap();
        for row in &self.rows {
            writer.write_record(row).unwrap();
        }
        String::from_utf8(writer.into_inner().unwrap()).unwrap()
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }

    pub fn rows(&self) -> &[Vec<String>] {
        &self.rows
    }

    fn place(&self, name: &str) -> usize {
        self.names.iter().position(|known| known == name).unwrap()
    }

    pub fn set(&mut self, row: usize, name: &str, cell: &str) {
        let place = self.place(name);
        cell.clone_into(&mut self.rows[row][place]);
    }

    pub fn get(&self, row: usize, name: &str) -> String {
        self.rows[row][self.place(name)].clone()
    }

    pub fn column(&self, name: &str) -> Vec<&str> {
        let place = self.place(name);
        self.rows.iter().map(|row| row[place].as_str()).collect()
    }
}
