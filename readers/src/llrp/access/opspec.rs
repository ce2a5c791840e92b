//! An operation as an OpSpec, by the standard or by the reader's maker.
//!
//! What neither has is refused here, before anything is sent.

use ::llrp::Element;
use ::llrp::definitions::Definition;
use ::llrp::definitions::{enumerations as e, parameters as p, vendors as v};

use super::TagAbility;
use crate::OrderError;
use crate::tag::{Bank, Field, HideTid, Job, MOST_OPERATIONS, Operation, Privilege, Untraceable};

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
        Operation::BlockPermalockState { groups, .. } => *groups == 0,
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
            let place = |definition, mask: &str| {
                with_password(definition)
                    .with("MB", Bank::User as u8)
                    .with("BlockPointer", *first_group)
                    .with(mask, blocks.clone())
            };
            match () {
                () if ability.block_permalock => place(&p::C1G2BlockPermalock, "BlockMask"),
                () if ability.is_impinj() => place(&v::ImpinjBlockPermalock, "BlockMask"),
                // Clear, `ReadLock` would ask which are locked.
                () if ability.is_zebra() => place(&v::MotoC1G2BlockPermalock, "Mask").with("ReadLock", true),
                () => return cannot("it does not lock blocks for ever"),
            }
        }
        Operation::BlockPermalockState { first_group, groups } => {
            let place = |definition| {
                with_password(definition)
                    .with("MB", Bank::User as u8)
                    .with("BlockPointer", *first_group)
                    .with("BlockRange", *groups)
            };
            match () {
                () if ability.block_permalock => place(&p::C1G2GetBlockPermalockStatus),
                () if ability.is_impinj() => place(&v::ImpinjGetBlockPermalockStatus),
                // Where Zebra's result would hold the answer is not published.
                () => return cannot("it does not tell which blocks are locked for ever"),
            }
        }
        Operation::Untraceable(what) if ability.version >= 3 => untraceable(*what, &with_password),
        Operation::Untraceable(_) => {
            return cannot(
                "LLRP knows Untraceable from version 2.0 on, and no reader's maker has published his own",
            );
        }
        Operation::Eas { on } if ability.is_zebra() => {
            with_password(&v::MotoNXPChangeEAS).with("EASState", *on)
        }
        Operation::Eas { .. } => {
            return cannot("LLRP has no ChangeEAS, and its maker has published none of his own");
        }
    })
}

fn cannot<T>(what: &str) -> Result<T, OrderError> {
    Err(OrderError::CannotDo(what.to_owned()))
}

/// LLRP 2.0's parameter, of which no public definition has been confirmed. Fields as in Gen2v2's command: the EPC's new length
/// with a flag that the rest is hidden, then what of TID, user memory and range.
fn untraceable(what: Untraceable, with_password: &dyn Fn(&'static Definition) -> Element) -> Element {
    let bits = what.visible_epc_words.map_or(0, |words| 0x20 | words & 0x1F);
    let tid = match what.hide_tid {
        HideTid::Nothing => 0_u8,
        HideTid::Serial => 1,
        HideTid::All => 2,
    };
    with_password(&p::C1G2Untraceable)
        .with("EPC", bits)
        .with("TID", tid)
        .with("User", what.hide_user)
        // Reduced; 1 would switch it over.
        .with("Range", if what.reduced_range { 2_u8 } else { 0 })
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
