//! The module's commands on one tag: found by what was chosen, done on Gen2 memory.

use super::ThingMagic;
use crate::serial::Field;
use crate::serial::tag::{EPC, TID, Tag, TagFault, USER};

/// Which tag is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Choice {
    /// Bank, first bit, mask, bits; any tag when `None`.
    by: Option<(u8, u32, Vec<u8>, u16)>,
    /// The access password that stood with it.
    password: u32,
}

impl Choice {
    pub(super) fn fits(&self, tag: &Tag) -> bool {
        !tag.killed
            && self
                .by
                .as_ref()
                .is_none_or(|(bank, first, mask, bits)| tag.matches(*bank, *first, mask, *bits))
    }

    /// Takes what stands for an option's choice; the rest behind it.
    pub(super) fn take(option: u8, with_password: bool, data: &[u8]) -> Option<(Choice, &[u8])> {
        let kind = option & 0x07;
        if kind == 0 {
            return Some((Choice::default(), data));
        }
        let (password, data) = if with_password { number(data)? } else { (0, data) };
        if kind == 5 {
            return Some((Choice { by: None, password }, data));
        }
        let (first, data) = if kind == 1 { (32, data) } else { number(data)? };
        let (bits, data) = match data {
            [high, low, rest @ ..] if option & 0x20 != 0 => (u16::from_be_bytes([*high, *low]), rest),
            [bits, rest @ ..] if option & 0x20 == 0 => (u16::from(*bits), rest),
            _ => return None,
        };
        let (mask, rest) = data.split_at_checked(usize::from(bits).div_ceil(8))?;
        let bank = match kind {
            1 | 4 => EPC,
            2 => TID,
            3 => USER,
            _ => return None,
        };
        Some((Choice { by: Some((bank, first, mask.to_vec(), bits)), password }, rest))
    }
}

fn number(data: &[u8]) -> Option<(u32, &[u8])> {
    let (bytes, rest) = data.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*bytes), rest))
}

fn words(data: &[u8]) -> Vec<u16> {
    data.chunks_exact(2).filter_map(|pair| Some(u16::from_be_bytes(pair.try_into().ok()?))).collect()
}

fn status(fault: TagFault) -> u16 {
    match fault {
        TagFault::NotSupported => 0x0420,
        TagFault::Overrun => 0x0423,
        TagFault::Locked => 0x0424,
        TagFault::LowPower => 0x042B,
        TagFault::Silent => 0x0400,
    }
}

impl ThingMagic {
    /// Status and data of the answer.
    pub(super) fn tag_operation(&mut self, op: u8, data: &[u8], field: &mut Field) -> (u16, Vec<u8>) {
        let Some([_, _, rest @ ..]) = data.get(..) else { return (0x0100, vec![]) };
        match operation(op, rest, field) {
            None => (0x0100, vec![]),
            Some(Err(status)) => (status, vec![]),
            Some(Ok(answer)) => (0, answer),
        }
    }
}

/// `None` when the command is malformed.
fn operation(op: u8, data: &[u8], field: &mut Field) -> Option<Result<Vec<u8>, u16>> {
    let find = |field: &mut Field, choice: &Choice| -> Option<usize> {
        field.tags.iter().position(|tag| choice.fits(tag))
    };
    let with =
        |field: &mut Field, choice: &Choice, what: &mut dyn FnMut(&mut Tag) -> Result<Vec<u8>, TagFault>| {
            let tag = find(field, choice).and_then(|at| field.tags.get_mut(at));
            tag.map_or(Err(0x0400), |tag| what(tag).map_err(status))
        };
    Some(match (op, data) {
        (0x21, [option, m1, m2, rest @ ..]) => {
            let (choice, _) = Choice::take(*option, true, rest)?;
            with(field, &choice, &mut |tag| {
                let crc = tag.crc().to_be_bytes();
                Ok([&[*option, *m1, *m2][..], &tag.epc_bytes(), &crc].concat())
            })
        }
        (0x23, [option, rest @ ..]) => {
            let (choice, rest) = Choice::take(*option, true, rest)?;
            let epc = words(if option & 7 == 0 { rest.get(1..)? } else { rest });
            with(field, &choice, &mut |tag| {
                let pc = (tag.pc() & 0x07FF) | ((epc.len() as u16) << 11);
                tag.write(EPC, 1, &[&[pc], epc.as_slice()].concat(), choice.password).map(|()| vec![])
            })
        }
        (0x24, [option, rest @ ..]) => {
            let (first, rest) = number(rest)?;
            let (bank, rest) = rest.split_first()?;
            let (choice, rest) = Choice::take(*option, true, rest)?;
            let words = words(rest);
            with(field, &choice, &mut |tag| tag.write(*bank, first, &words, choice.password).map(|()| vec![]))
        }
        (0x25, [option, rest @ ..]) => {
            let (password, rest) = number(rest)?;
            let ([m1, m2, a1, a2], rest) = rest.split_first_chunk::<4>()?;
            let (choice, _) = Choice::take(*option, false, rest)?;
            let (mask, action) = (u16::from_be_bytes([*m1, *m2]), u16::from_be_bytes([*a1, *a2]));
            with(field, &choice, &mut |tag| tag.lock(mask, action, password).map(|()| vec![]))
        }
        (0x26, [option, rest @ ..]) => {
            let (password, rest) = number(rest)?;
            let (choice, _) = Choice::take(*option, false, rest.get(1..)?)?;
            let killed = with(field, &choice, &mut |tag| tag.kill(password).map(|()| vec![]));
            killed.map_err(|status| match status {
                0x0420 => 0x040E,
                0x0400 if find(field, &choice).is_some() => 0x040C,
                other => other,
            })
        }
        // The oldest form, without an option: any tag, and nothing before the words of the answer.
        (0x28, [bank, a, b, c, d, count]) => {
            let first = u32::from_be_bytes([*a, *b, *c, *d]);
            with(field, &Choice::default(), &mut |tag| {
                let words = tag.read(*bank, first, *count, 0)?;
                Ok(words.iter().flat_map(|word| word.to_be_bytes()).collect())
            })
        }
        (0x28, [option, rest @ ..]) => {
            let rest = if option & 0x10 != 0 { rest.get(2..)? } else { rest };
            let (bank, rest) = rest.split_first()?;
            let (first, rest) = number(rest)?;
            let (count, rest) = rest.split_first()?;
            let (choice, _) = Choice::take(*option, true, rest)?;
            let mut head = vec![];
            if option & 0x10 != 0 {
                // Option, the metadata asked for, protocol, no data among them.
                head = vec![*option, *data.get(1)?, *data.get(2)?, 5, 0, 0];
            }
            with(field, &choice, &mut |tag| {
                let words = tag.read(*bank, first, *count, choice.password)?;
                Ok([head.clone(), words.iter().flat_map(|word| word.to_be_bytes()).collect()].concat())
            })
        }
        (0x2D, [7, option, 0, 3, rest @ ..]) => {
            let (choice, rest) = Choice::take(*option, false, rest)?;
            let (password, rest) = number(rest)?;
            let on = *rest.first()? == 1;
            with(field, &choice, &mut |tag| {
                if tag.access_password() != password || password == 0 {
                    return Err(TagFault::Silent);
                }
                tag.eas = on;
                Ok(vec![7, *option, 0, 3])
            })
        }
        (0x2E, [0, option, 0, rest @ ..]) => {
            let (choice, rest) = Choice::take(*option, true, rest)?;
            let (first, rest) = number(rest)?;
            let [bank, count] = rest else { return None };
            let blank = vec![0; usize::from(*count)];
            with(field, &choice, &mut |tag| tag.write(*bank, first, &blank, choice.password).map(|()| vec![]))
        }
        (0x2E, [0, option, 1, rest @ ..]) => {
            let (choice, rest) = Choice::take(*option, true, rest)?;
            let [0, 1, USER, rest @ ..] = rest else { return None };
            let (first, rest) = number(rest)?;
            let blocks = words(rest.get(1..)?);
            with(field, &choice, &mut |tag| {
                tag.block_permalock(first, &blocks, choice.password).map(|()| vec![])
            })
        }
        (0x2D, _) => Err(0x0109),
        _ => return None,
    })
}
