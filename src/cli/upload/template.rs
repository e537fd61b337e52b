//! A file to begin with: every usual column, one invented record.

use anyhow::Context as _;

use super::FileFormat;
use crate::import::table::columns::{Column, names_of, template};
use crate::import::table::{CellWriter, Compression};

/// Prints it.
pub(super) fn print(format: FileFormat) -> anyhow::Result<()> {
    let (FileFormat::Csv | FileFormat::Jsonl, Some(table)) = (format, format.table()) else {
        anyhow::bail!("there are templates of csv and jsonl; the columns of parquet have the same names");
    };
    let columns = template();
    let output = Box::new(std::io::stdout());
    let mut writer = CellWriter::new(output, table, Compression::None, names_of(&columns))
        .context("the template cannot be written")?;
    let cells: Vec<&str> = columns.iter().map(|column| example(*column)).collect();
    writer.write(&cells).context("the template cannot be written")?;
    writer.finish().context("the template cannot be written")
}

fn example(column: Column) -> &'static str {
    match column {
        Column::Field(field) | Column::Minor(field) => field.example(),
        Column::Liability(0, part) => part.example(),
        Column::Liability(_, _) => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::table::parse::{Row, read_row};
    use crate::import::table::samples;

    #[test]
    fn the_invented_record_can_be_read() {
        let columns = template();
        let row = Row::new(columns.iter().map(|column| (*column, example(*column))));
        let read = read_row(&row, Vec::new(), &samples::circumstances());
        assert!(read.is_ok(), "{:?}", read.err());
    }
}
