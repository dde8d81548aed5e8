//! Times that lie far from that of the event before and are written in another form than most (`MAX_DIFF_SECS_AGO`,
//! `MAX_DIFF_SECS_HENCE`).

use super::Found;

/// Bytes of a time that tell its form.
const FORM: usize = 12;

/// Watches the times of events in their order.
#[derive(Debug)]
pub(crate) struct FarTimes {
    /// Seconds that a time may lie before and behind the one before.
    limits: (i64, i64),
    previous: Option<f64>,
    /// The forms so far and how many times each had.
    forms: Vec<(u64, u64)>,
    times: u64,
}

impl FarTimes {
    pub(crate) fn new(limits: (i64, i64)) -> Self {
        Self { limits, previous: None, forms: Vec::new(), times: 0 }
    }

    /// Notes the time of an event with its text. Whether it is one to be counted: it lies too far from the one before, and
    /// most times so far had another form.
    pub(crate) fn is_far(&mut self, found: &Found, text: &str) -> bool {
        const FORMS: usize = 32;
        let form = form(text.as_bytes().get(found.place..).unwrap_or_default());
        let known = self.forms.iter().position(|(known, _)| *known == form);
        let count = known.map_or(0, |known| self.forms[known].1);
        let is_odd = count * 2 <= self.times;
        self.times += 1;
        match known {
            Some(known) => self.forms[known].1 += 1,
            None if self.forms.len() < FORMS => self.forms.push((form, 1)),
            None => {}
        }
        let Some(previous) = self.previous.replace(found.seconds) else { return false };
        let difference = found.seconds - previous;
        is_odd && (difference < -(self.limits.0 as f64) || difference > self.limits.1 as f64)
    }
}

/// The form of the time that begins a text: digits by how many stand together, letters, and what stands between them.
fn form(text: &[u8]) -> u64 {
    const PRIME: u64 = 0x0100_0000_01B3;
    let mut form = 0xCBF2_9CE4_8422_2325_u64;
    let mut at = 0;
    while at < text.len().min(FORM) {
        let run = |is: fn(&u8) -> bool| text[at..].iter().take_while(|byte| is(byte)).count();
        let (class, length) = match text[at] {
            b'0'..=b'9' => {
                let length = run(u8::is_ascii_digit);
                // `4` and `14` are both a day.
                (0x80 + length.clamp(2, 32) as u8, length)
            }
            byte if byte.is_ascii_alphabetic() => (b'a', run(u8::is_ascii_alphabetic)),
            b' ' => (b' ', run(|byte| *byte == b' ')),
            byte => (byte, 1),
        };
        form = (form ^ u64::from(class)).wrapping_mul(PRIME);
        if class >= 0x89 {
            break;
        }
        at += length;
    }
    form
}

#[cfg(test)]
mod tests {
    use super::*;

    fn far(times: &[(&str, f64)], limits: (i64, i64)) -> Vec<bool> {
        let mut watched = FarTimes::new(limits);
        times.iter().map(|(text, seconds)| watched.is_far(&Found::epoch(*seconds), text)).collect()
    }

    #[test]
    fn only_far_times_in_another_form_count() {
        let plain = ("2024-03-04 10:11:25 a", 1000.0);
        let times = [plain, plain, ("2024-01-01 00:00:00 same form", -9e6), plain, ("Jan  1 00:00:00 other", -9e6), plain];
        assert_eq!(far(&times, (3600, 604_800)), [false, false, false, false, true, false]);
        assert_eq!(far(&times, (i64::MAX, i64::MAX)), [false; 6]);
        let near = [plain, ("Mar  4 10:11:26 near", 1001.0)];
        assert_eq!(far(&near, (3600, 604_800)), [false, false]);
        // Most times before are of another form, but so are most of this one's behind it.
        let ahead = [plain, ("04/Mar/2024 10:11:25", 2000.0), ("04/Mar/2024 10:11:25", 3000.0)];
        assert_eq!(far(&ahead, (3600, 500)), [false, true, true]);
    }

    #[test]
    fn forms_of_times() {
        let same = |a: &str, b: &str| form(a.as_bytes()) == form(b.as_bytes());
        assert!(same("Mar  4 10:11:25 x", "Mar 14 10:11:25 y"));
        assert!(same("1709547085 x", "1709547086.25 y"));
        assert!(!same("2024-03-04 10:11:25", "2024-03-04T10:11:25"));
        assert!(!same("2024-03-04 10:11:25", "2024/03/04 10:11:25"));
    }
}
