//! The module's status codes in words, and what they mean for a tag (codes and their meaning: `tmr_status.h` of the maker's
//! API). Decides nothing.

use crate::tag::TagError;

/// No tag answered in this round: not a fault.
pub(super) const NO_TAGS: u16 = 0x0400;
/// The module does not know the command.
pub(super) const INVALID_OPCODE: u16 = 0x0101;
/// The radio is not set up: the module has forgotten what it was told.
pub(super) const RADIO_OFF: u16 = 0x0405;
/// No protocol is set: the same.
pub(super) const NO_PROTOCOL: u16 = 0x0401;
/// An antenna is missing.
pub(super) const NO_ANTENNA: u16 = 0x0503;
/// Too warm, or too cold.
pub(super) const TEMPERATURE: u16 = 0x0504;
/// An antenna reflects too much.
pub(super) const RETURN_LOSS: u16 = 0x0505;
/// The tag buffer is full.
pub(super) const BUFFER_FULL: u16 = 0x0601;
/// The module's own program failed.
pub(super) const ASSERT: u16 = 0x7F01;

/// A status in words, its number behind them.
pub(super) fn words(status: u16) -> String {
    let words = match status {
        0x0000 => "well",
        0x0100 => "the command has the wrong length",
        INVALID_OPCODE => "it does not know the command",
        0x0102 => "the command is not made in this firmware",
        0x0103 => "the power is above what it allows",
        0x0104 => "the frequency is outside of what it allows",
        0x0105 => "a value is outside of what it allows",
        0x0106 => "the power is below what it allows",
        0x0109 => "it has no such feature",
        0x010A => "it has no such serial rate",
        0x010B => "it has no such region",
        0x010C => "the licence key is wrong",
        0x0200 => "its firmware is damaged: its checksum is wrong",
        0x0201 => "its firmware is damaged: it ends at a wrong address",
        0x0300..=0x0306 => "its flash memory could not be written",
        NO_TAGS => "no tag answered",
        NO_PROTOCOL => "no tag protocol is set",
        0x0402 => "it has no such tag protocol",
        0x0403 => "the tag was written, but could not be locked",
        0x0404 => "the tag's memory could not be read",
        RADIO_OFF => "its radio is off: no region is set",
        0x0406 => "the tag could not be written",
        0x0407 => "the command does not exist in this tag protocol",
        0x0408 => "the data are not what the tag protocol allows",
        0x0409 => "the tag has no such address",
        0x040A => "the tag answered with an error",
        0x040B => "that is more data than it can read at once",
        0x040C => "the kill password is wrong",
        0x040E => "the tag could not be killed",
        0x040F => "the tag's answer could not be decoded",
        0x0410 => "the EPC is not a valid one",
        0x0411 => "the amount of data is not a valid one",
        0x0413 => "it has no such tag operation",
        0x0420 => "the tag answered with an error that says no more",
        0x0423 => "the tag has no memory there",
        0x0424 => "that part of the tag is locked",
        0x0425 => "the tag did not accept the key",
        0x0426 => "the tag could not be made untraceable",
        0x042B => "too little power reaches the tag",
        0x042F => "the tag answered with an error that is not specified",
        0x0430 => "the tag answered with an unknown error",
        0x04A7 => "the tag did not accept the password",
        0x0500 => "the frequency is outside of the region's",
        0x0501 => "the channel is occupied by somebody else",
        0x0502 => "its transmitter is on",
        NO_ANTENNA => "an antenna is not connected",
        TEMPERATURE => "its temperature is outside of what is safe",
        RETURN_LOSS => "an antenna reflects the power: a wrong or broken antenna or cable",
        0x0507 => "there is no such antenna",
        0x0509 => "its supply voltage is outside of what is safe",
        0x0600 => "fewer tags are in its buffer than were asked for",
        BUFFER_FULL => "its tag buffer is full",
        0x0602 => "its tag buffer is inconsistent",
        0x0603 => "more tags were asked for than fit in a message",
        0x0604 => "it asks for a tag's password",
        0x7F00 => "an unknown fault of its own",
        ASSERT => "its firmware failed and stopped",
        _ => "an unknown status",
    };
    format!("{words} (status {status:04X})")
}

/// What a status says of an operation on a tag that was there a moment before.
pub(super) fn of_tag(status: u16, password: u32) -> TagError {
    match status {
        0x0409 | 0x0423 => TagError::NoSuchMemory,
        0x0424 => TagError::Locked,
        0x042B => TagError::LowPower,
        0x040C | 0x0425 | 0x04A7 => TagError::WrongPassword,
        0x0407 => TagError::NotSupported,
        // A tag that answers, but not to its access password, falls silent until the next round.
        NO_TAGS if password != 0 => TagError::WrongPassword,
        NO_TAGS | 0x0406 => TagError::Silent,
        other => TagError::Other(words(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shop_meets_is_said_in_words_and_with_its_number() {
        assert_eq!(words(TEMPERATURE), "its temperature is outside of what is safe (status 0504)");
        assert_eq!(words(0xABCD), "an unknown status (status ABCD)");
    }

    #[test]
    fn gen2_error_codes_mean_what_the_standard_says() {
        // 0x0420 + the tag's error code: 03h memory overrun, 04h locked, 0Bh insufficient power.
        assert_eq!(of_tag(0x0423, 0), TagError::NoSuchMemory);
        assert_eq!(of_tag(0x0424, 0), TagError::Locked);
        assert_eq!(of_tag(0x042B, 0), TagError::LowPower);
        assert_eq!(of_tag(NO_TAGS, 0), TagError::Silent);
        assert_eq!(of_tag(NO_TAGS, 1), TagError::WrongPassword);
    }
}
