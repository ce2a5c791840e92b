//! An operation as an OpSpec, by the standard or by the reader's maker.
//!
//! What neither has is refused here, before anything is sent.

use ::llrp::Element;
use ::llrp::definitions::vendors::{IMPINJ, ZEBRA};
use ::llrp::definitions::{enumerations as e, parameters as p};

use super::TagAbility;
use crate::OrderError;
use crate::tag::{Bank, Field, Job, MOST_OPERATIONS, Operation, Privilege};

/// Impinj's `ImpinjBlockPermalock`: the parameter's subtype, for readers that speak LLRP 1.0.1.
pub(super) const IMPINJ_BLOCK_PERMALOCK: u32 = 42;
/// Zebra's `MotoC1G2BlockPermalock` (Motorola's public definitions).
pub(super) const ZEBRA_BLOCK_PERMALOCK: u32 = 453;
/// Zebra's `MotoNXPChangeEAS` (Motorola's public definitions).
pub(super) const ZEBRA_CHANGE_EAS: u32 = 455;

/// Refuses a job that no reader could carry out.
pub(super) fn check(job: &Job) -> Result<(), OrderError> {
    let refused = |reason: &str| Err(OrderError::Refused(reason.to_owned()));
    if job.operations.is_empty() {
        return refused("the job holds no operation");
    }
    if job.operations.len() > MOST_OPERATIONS {
        return refused(&format!(
            "the job holds {} operations; {MOST_OPERATIONS} is the most",
            job.operations.len()
        ));
    }
    if job.selection.mask.len() < usize::from(job.selection.bits).div_ceil(8) {
        return refused("the selection says more bits than it holds");
    }
    let empty = |operation: &Operation| match operation {
        Operation::Read { words, .. } | Operation::BlockErase { words, .. } => *words == 0,
        Operation::Write { words, .. } => words.is_empty(),
        Operation::Lock(fields) => fields.is_empty(),
        Operation::BlockPermalock { blocks, .. } => blocks.is_empty(),
        Operation::Kill { .. } | Operation::Untraceable(_) | Operation::Eas { .. } => false,
    };
    if job.operations.iter().any(empty) {
        return refused("an operation of the job is about no words, blocks or fields");
    }
    Ok(())
}

/// The OpSpec of an operation.
pub(super) fn opspec(
    operation: &Operation,
    access_password: u32,
    id: u16,
    ability: TagAbility,
) -> Result<Element, OrderError> {
    let with_password =
        |definition| Element::new(definition).with("OpSpecID", id).with("AccessPassword", access_password);
    Ok(match operation {
        Operation::Read { bank, first_word, words } => with_password(&p::C1G2Read)
            .with("MB", *bank as u8)
            .with("WordPointer", *first_word)
            .with("WordCount", *words),
        Operation::Write { bank, first_word, words } => with_password(&p::C1G2Write)
            .with("MB", *bank as u8)
            .with("WordPointer", *first_word)
            .with("WriteData", words.clone()),
        Operation::Lock(fields) => {
            let payloads = fields.iter().map(|(field, privilege)| {
                Element::new(&p::C1G2LockPayload)
                    .with("Privilege", privilege_code(*privilege))
                    .with("DataField", field_code(*field))
            });
            with_password(&p::C1G2Lock).and_all(payloads)
        }
        Operation::Kill { password } => {
            Element::new(&p::C1G2Kill).with("OpSpecID", id).with("KillPassword", *password)
        }
        Operation::BlockErase { bank, first_word, words } if ability.block_erase => {
            with_password(&p::C1G2BlockErase)
                .with("MB", *bank as u8)
                .with("WordPointer", *first_word)
                .with("WordCount", *words)
        }
        Operation::BlockErase { .. } => return cannot("it does not erase blocks"),
        Operation::BlockPermalock { first_group, blocks } => {
            block_permalock(*first_group, blocks, access_password, id, ability)?
        }
        Operation::Untraceable(_) => {
            return cannot("LLRP knows Untraceable from version 2.0 on, which it does not speak");
        }
        Operation::Eas { on } if ability.is_zebra() => {
            custom(ZEBRA, ZEBRA_CHANGE_EAS, id, access_password, &[u8::from(*on) << 7])
        }
        Operation::Eas { .. } => {
            return cannot("LLRP has no ChangeEAS, and its maker has published none of its own");
        }
    })
}

fn cannot<T>(what: &str) -> Result<T, OrderError> {
    Err(OrderError::CannotDo(what.to_owned()))
}

fn block_permalock(
    first_group: u16,
    blocks: &[u16],
    access_password: u32,
    id: u16,
    ability: TagAbility,
) -> Result<Element, OrderError> {
    let user = (Bank::User as u8) << 6;
    let count = u16::try_from(blocks.len()).map_err(|_| OrderError::Refused("too many blocks".into()))?;
    let mask = || std::iter::once(count).chain(blocks.iter().copied()).flat_map(u16::to_be_bytes);
    if ability.block_permalock {
        return Ok(Element::new(&p::C1G2BlockPermalock)
            .with("OpSpecID", id)
            .with("AccessPassword", access_password)
            .with("MB", Bank::User as u8)
            .with("BlockPointer", first_group)
            .with("BlockMask", blocks.to_vec()));
    }
    if ability.is_impinj() {
        let rest: Vec<u8> = [user].into_iter().chain(first_group.to_be_bytes()).chain(mask()).collect();
        return Ok(custom(IMPINJ, IMPINJ_BLOCK_PERMALOCK, id, access_password, &rest));
    }
    if ability.is_zebra() {
        /// `ReadLock`: the bit behind the bank. Set, it locks; clear, it would ask.
        const LOCK: u8 = 1 << 5;
        let range = 0_u16.to_be_bytes();
        let place = first_group.to_be_bytes();
        let rest: Vec<u8> = [user | LOCK].into_iter().chain(place).chain(range).chain(mask()).collect();
        return Ok(custom(ZEBRA, ZEBRA_BLOCK_PERMALOCK, id, access_password, &rest));
    }
    cannot("it does not lock blocks for ever")
}

/// A maker's OpSpec: they all begin with OpSpecID and access password.
fn custom(vendor: u32, subtype: u32, id: u16, access_password: u32, rest: &[u8]) -> Element {
    let begin = id.to_be_bytes().into_iter().chain(access_password.to_be_bytes());
    let data: Vec<u8> = begin.chain(rest.iter().copied()).collect();
    Element::new(&p::Custom)
        .with("VendorIdentifier", vendor)
        .with("ParameterSubtype", subtype)
        .with("Data", data)
}

fn field_code(field: Field) -> u64 {
    use e::C1G2LockDataField as F;
    match field {
        Field::KillPassword => F::Kill_Password,
        Field::AccessPassword => F::Access_Password,
        Field::Epc => F::EPC_Memory,
        Field::Tid => F::TID_Memory,
        Field::User => F::User_Memory,
    }
}

fn privilege_code(privilege: Privilege) -> u64 {
    use e::C1G2LockPrivilege as L;
    match privilege {
        Privilege::Unlocked => L::Unlock,
        // LLRP's name for "who knows the access password may".
        Privilege::Locked => L::Read_Write,
        Privilege::PermanentlyUnlocked => L::Perma_Unlock,
        Privilege::PermanentlyLocked => L::Perma_Lock,
    }
}
