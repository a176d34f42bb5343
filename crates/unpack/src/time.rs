//! Dates from seconds since 1970, without a time zone or a clock.

/// `YYYY-MM-DD` of `seconds` since 1970-01-01 UTC, in the proleptic Gregorian calendar.
#[must_use]
pub fn date(seconds: i64) -> String {
    // Days to civil date: the era of 400 years holds 146,097 days; years begin in March so that the leap day is the last.
    let days = seconds.div_euclid(86_400) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn known_days() {
        for (seconds, day) in [(0, "1970-01-01"), (951_782_400, "2000-02-29"), (1_679_961_600, "2023-03-28"), (-1, "1969-12-31")] {
            assert_eq!(super::date(seconds), day);
        }
    }
}
