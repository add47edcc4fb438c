//! How each type stands in a leaf.

use super::Fault;
use super::cbor::{Personal, Reader, Writer};
use crate::domain::{
    AdmissionId, AgreementId, ApplicationId, CategoryId, ClaimId, ConsentId, CreditCode,
    CreditFlagId, Day, DivisionCode, DraftNo, EnterpriseId, Fen, InlineText, InstructionId,
    InvoiceNo, LineId, MemberId, Month, OrderId, PaymentId, PeriodId, PersonalText, PrincipalId,
    ProgrammeId, ProposalId, ProviderId, Ratio, RecordedAt, Seq, Text, TransferId, VersionNo,
    VoucherFileId, VoucherId,
};

/// A value of a map entry. `read` accepts exactly what `write` writes.
pub(super) trait Field: Sized {
    /// Name of the encoding in `docs/FORMATS.md`.
    #[cfg_attr(
        not(test),
        allow(dead_code, reason = "the test of the documentation reads it")
    )]
    const SHAPE: &'static str;

    /// The value that is written by leaving its key out, for types that have one.
    const ABSENT: Option<Self> = None;

    fn write(&self, writer: &mut Writer<'_>);

    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault>;

    /// True for the value that is written by leaving its key out.
    #[inline]
    fn is_absent(&self) -> bool {
        false
    }
}

macro_rules! numbers {
    ($($type:ty)*) => { $(
        impl Field for $type {
            const SHAPE: &'static str = "uint";

            #[inline]
            fn write(&self, writer: &mut Writer<'_>) {
                writer.uint(u64::from(*self));
            }

            #[inline]
            fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
                <$type>::try_from(reader.uint()?).map_err(|_| Fault::Value(stringify!($type)))
            }
        }
    )* };
}

numbers! { u8 u16 u32 u64 }

macro_rules! ids {
    ($($type:ident)*) => { $(
        impl Field for $type {
            const SHAPE: &'static str = "uint";

            #[inline]
            fn write(&self, writer: &mut Writer<'_>) {
                self.0.write(writer);
            }

            #[inline]
            fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
                Field::read(reader).map($type)
            }
        }
    )* };
}

ids! {
    MemberId EnterpriseId ProviderId PrincipalId CategoryId ProgrammeId VersionNo AgreementId
    VoucherId ConsentId TransferId ClaimId LineId PeriodId InstructionId PaymentId VoucherFileId
    ProposalId Seq OrderId AdmissionId CreditFlagId ApplicationId DraftNo
}

/// Types that stand as another type and are checked when they are read.
macro_rules! checked {
    ($($type:ty as $raw:ty, $shape:literal, $get:expr, $make:expr;)*) => { $(
        impl Field for $type {
            const SHAPE: &'static str = $shape;

            #[inline]
            fn write(&self, writer: &mut Writer<'_>) {
                let raw: $raw = $get(*self);
                raw.write(writer);
            }

            #[inline]
            fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
                let raw: $raw = Field::read(reader)?;
                $make(raw).ok_or(Fault::Value(stringify!($type)))
            }
        }
    )* };
}

checked! {
    Fen as i64, "fen", Fen::get, |raw| Fen::try_new(raw).ok();
    Ratio as u32, "ratio", Ratio::millionths, |raw| Ratio::from_millionths(raw).ok();
    Day as i32, "day", Day::get, |raw| Day::try_new(raw).ok();
    DivisionCode as u32, "uint", DivisionCode::get, |raw| DivisionCode::try_new(raw).ok();
    Month as Day, "day", Month::first_day, |raw: Day| {
        (raw.month().first_day() == raw).then(|| raw.month())
    };
}

impl Field for i64 {
    const SHAPE: &'static str = "int";

    #[inline]
    fn write(&self, writer: &mut Writer<'_>) {
        writer.int(*self);
    }

    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        reader.int()
    }
}

impl Field for i32 {
    const SHAPE: &'static str = "int";

    #[inline]
    fn write(&self, writer: &mut Writer<'_>) {
        writer.int(i64::from(*self));
    }

    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        i32::try_from(reader.int()?).map_err(|_| Fault::Value("i32"))
    }
}

impl Field for RecordedAt {
    const SHAPE: &'static str = "int";

    #[inline]
    fn write(&self, writer: &mut Writer<'_>) {
        writer.int(self.0);
    }

    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        reader.int().map(RecordedAt)
    }
}

impl Field for bool {
    const SHAPE: &'static str = "flag";
    const ABSENT: Option<bool> = Some(false);

    #[inline]
    fn write(&self, writer: &mut Writer<'_>) {
        writer.bool(*self);
    }

    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        reader.bool()
    }

    #[inline]
    fn is_absent(&self) -> bool {
        !*self
    }
}

impl<T: Field> Field for Option<T> {
    const SHAPE: &'static str = T::SHAPE;
    const ABSENT: Option<Option<T>> = Some(None);

    #[inline]
    fn write(&self, writer: &mut Writer<'_>) {
        if let Some(value) = self {
            value.write(writer);
        }
    }

    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        T::read(reader).map(Some)
    }

    #[inline]
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: Field> Field for Box<T> {
    const SHAPE: &'static str = T::SHAPE;

    fn write(&self, writer: &mut Writer<'_>) {
        T::write(self, writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        T::read(reader).map(Box::new)
    }
}

impl<T: Field> Field for Box<[T]> {
    const SHAPE: &'static str = "list";

    fn write(&self, writer: &mut Writer<'_>) {
        writer.array(self.len());
        for item in self {
            item.write(writer);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let len = reader.array()?;
        (0..len).map(|_| T::read(reader)).collect()
    }
}

impl<A: Field, B: Field> Field for (A, B) {
    const SHAPE: &'static str = "pair";

    #[inline]
    fn write(&self, writer: &mut Writer<'_>) {
        writer.array(2);
        self.0.write(writer);
        self.1.write(writer);
    }

    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        if reader.array()? != 2 {
            return Err(Fault::Value("pair"));
        }
        Ok((A::read(reader)?, B::read(reader)?))
    }
}

impl<const N: usize> Field for [u8; N] {
    const SHAPE: &'static str = "bytes";

    #[inline]
    fn write(&self, writer: &mut Writer<'_>) {
        writer.bytes(self);
    }

    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let bytes = reader.bytes()?;
        <[u8; N]>::try_from(bytes).map_err(|_| Fault::Value("bytes of a fixed length"))
    }
}

impl Field for u128 {
    const SHAPE: &'static str = "bytes";

    #[inline]
    fn write(&self, writer: &mut Writer<'_>) {
        writer.bytes(&self.to_be_bytes());
    }

    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        Field::read(reader).map(u128::from_be_bytes)
    }
}

impl Field for InvoiceNo {
    const SHAPE: &'static str = "invoice number";

    #[inline]
    fn write(&self, writer: &mut Writer<'_>) {
        let number = self.to_u128();
        let zeros = usize::try_from(number.leading_zeros() / 8).unwrap_or(0);
        writer.bytes(&number.to_be_bytes()[zeros..]);
    }

    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let bytes = reader.bytes()?;
        if bytes.first() == Some(&0) {
            return Err(Fault::NotCanonical);
        }
        let mut number = [0; 16];
        let padding = 16_usize.checked_sub(bytes.len());
        let target = padding.and_then(|padding| number.get_mut(padding..));
        target
            .ok_or(Fault::Value("invoice number"))?
            .copy_from_slice(bytes);
        InvoiceNo::from_u128(u128::from_be_bytes(number)).ok_or(Fault::Value("invoice number"))
    }
}

impl Field for CreditCode {
    const SHAPE: &'static str = "text";

    fn write(&self, writer: &mut Writer<'_>) {
        writer.text(self.as_str());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        CreditCode::parse(reader.text()?).map_err(|_| Fault::Value("credit code"))
    }
}

impl<const N: usize> Field for InlineText<N> {
    const SHAPE: &'static str = "text";

    #[inline]
    fn write(&self, writer: &mut Writer<'_>) {
        writer.text(self.as_str());
    }

    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        InlineText::parse(reader.text()?).map_err(|_| Fault::Value("text"))
    }
}

impl<const N: usize> Field for Text<N> {
    const SHAPE: &'static str = "text";

    #[inline]
    fn write(&self, writer: &mut Writer<'_>) {
        writer.text(self.as_str());
    }

    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        Text::parse(reader.text()?).map_err(|_| Fault::Value("text"))
    }
}

impl Field for PersonalText {
    const SHAPE: &'static str = "commitment";

    fn write(&self, writer: &mut Writer<'_>) {
        match &self.opening {
            // In an array, so that no public text has the same bytes.
            Some(opening) if writer.personal() == Personal::Value => {
                writer.array(1);
                writer.text(&opening.value);
            }
            _ => writer.bytes(&self.commitment),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        Ok(PersonalText {
            commitment: Field::read(reader)?,
            opening: None,
        })
    }
}
