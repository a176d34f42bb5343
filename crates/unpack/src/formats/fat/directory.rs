//! Records of a FAT directory: short names, the long names before them, deleted ones.

/// One entry.
pub struct Record {
    pub name: Vec<u8>,
    pub directory: bool,
    pub label: bool,
    pub cluster: u32,
    pub size: u64,
    pub mtime: Option<i64>,
    pub at: u64,
}

/// The state of a directory's reading, which goes on from one cluster to the next.
#[derive(Default)]
pub struct Scan {
    pub deleted: u64,
    /// Parts of long names that belong to no entry.
    pub orphans: u64,
    /// Parts met so far, the last one first, with the checksum they share and the number of the next.
    long: Vec<[u16; 13]>,
    sum: u8,
    expected: u8,
    index: u64,
    ended: bool,
}

fn le16(record: &[u8], at: usize) -> u16 {
    record.get(at..at + 2).map_or(0, |two| u16::from_le_bytes([two[0], two[1]]))
}

impl Scan {
    /// Reads the records of `bytes`, which stand at `start`.
    pub fn read(&mut self, bytes: &[u8], start: u64, below_root: bool, records: &mut Vec<Record>) {
        for (index, record) in bytes.chunks_exact(32).enumerate() {
            if self.ended || record[0] == 0 {
                self.ended = true;
                return;
            }
            let attributes = record[11];
            let number = self.index;
            self.index += 1;
            if record[0] == 0xE5 {
                self.deleted += u64::from(attributes & 0x3F != 0x0F);
                self.drop_long();
            } else if attributes & 0x3F == 0x0F {
                self.part(record);
            } else {
                let own =
                    below_root && (number == 0 && record.starts_with(b".          ") || number == 1 && record.starts_with(b"..         "));
                if own {
                    self.drop_long();
                    continue;
                }
                let label = attributes & 0x08 != 0;
                let name = self.take_long(record).unwrap_or_else(|| short(record, label));
                records.push(Record {
                    name,
                    directory: attributes & 0x10 != 0,
                    label,
                    cluster: u32::from(le16(record, 20)) << 16 | u32::from(le16(record, 26)),
                    size: u64::from(le16(record, 28)) | u64::from(le16(record, 30)) << 16,
                    mtime: time(le16(record, 24), le16(record, 22)),
                    at: start + index as u64 * 32,
                });
            }
        }
    }

    fn drop_long(&mut self) {
        self.orphans += self.long.len() as u64;
        self.long.clear();
    }

    fn part(&mut self, record: &[u8]) {
        let order = record[0] & 0x3F;
        if record[0] & 0x40 != 0 {
            self.drop_long();
            (self.sum, self.expected) = (record[13], order);
        }
        if order == 0 || order > 20 || order != self.expected || record[13] != self.sum {
            self.orphans += 1;
            self.drop_long();
            self.expected = 0;
            return;
        }
        let mut units = [0; 13];
        for (unit, at) in units.iter_mut().zip((1..11).step_by(2).chain((14..26).step_by(2)).chain((28..32).step_by(2))) {
            *unit = le16(record, at);
        }
        self.long.push(units);
        self.expected = order - 1;
    }

    /// The long name, if all its parts are there and are of this short one.
    fn take_long(&mut self, record: &[u8]) -> Option<Vec<u8>> {
        let sum = record[..11].iter().fold(0u8, |sum, byte| sum.rotate_right(1).wrapping_add(*byte));
        if self.long.is_empty() || self.expected != 0 || sum != self.sum {
            self.drop_long();
            return None;
        }
        let parts = std::mem::take(&mut self.long);
        let units: Vec<u16> = parts.iter().rev().flatten().copied().take_while(|unit| *unit != 0).collect();
        Some(String::from_utf16_lossy(&units).into_bytes())
    }
}

fn short(record: &[u8], label: bool) -> Vec<u8> {
    let mut raw = record[..11].to_vec();
    if raw[0] == 5 {
        raw[0] = 0xE5;
    }
    if label {
        return raw.trim_ascii_end().to_vec();
    }
    // Windows NT keeps names that are all lower case in two bits.
    let case = |bytes: &[u8], flag: u8| if record[12] & flag != 0 { bytes.to_ascii_lowercase() } else { bytes.to_vec() };
    let mut name = case(raw[..8].trim_ascii_end(), 0x08);
    let extension = case(raw[8..].trim_ascii_end(), 0x10);
    if !extension.is_empty() {
        name.push(b'.');
        name.extend(extension);
    }
    name
}

/// Seconds since 1970 of a date and a time without a zone. `None` for a date that is none.
fn time(date: u16, time: u16) -> Option<i64> {
    let (year, month, day) = (i64::from(date >> 9) + 1980, i64::from(date >> 5 & 15), i64::from(date & 31));
    if !(1..=12).contains(&month) || day == 0 {
        return None;
    }
    // Days since 1970-03-01, in years that begin in March.
    let (years, months) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = years * 365 + years / 4 - years / 100 + years / 400 + (months * 153 + 2) / 5 + day - 1 - 719_468;
    Some(days * 86400 + i64::from(time >> 11) * 3600 + i64::from(time >> 5 & 63) * 60 + i64::from(time & 31) * 2)
}
