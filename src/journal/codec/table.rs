//! Field tables: one line per entry of a map, from which writing and strict reading follow.
//!
//! `key: field,` is a plain entry. `key: field or { a, b => default },` is left out when the
//! field has the default value, which may use the fields `a` and `b` that stand before it. Keys
//! ascend, are never reused and never change their meaning.

/// True if the entry is written.
macro_rules! present {
    ($field:ident) => {
        !Field::is_absent($field)
    };
    ($field:ident or { $($other:ident),* => $default:expr }) => {{
        $(let $other = $other.clone();)*
        *$field != $default
    }};
}

/// The value of an entry whose key is left out.
macro_rules! left_out {
    ($key:literal) => {
        Field::ABSENT.ok_or(Fault::MissingKey($key))?
    };
    ($key:literal or { $($other:ident),* => $default:expr }) => {{
        $(let $other = Clone::clone(&$other);)*
        $default
    }};
}

/// Refuses an entry that spells out what is said by leaving it out.
macro_rules! spelled_out {
    ($field:ident) => {
        Field::is_absent(&$field)
    };
    ($field:ident or { $($other:ident),* => $default:expr }) => {{
        $(let $other = Clone::clone(&$other);)*
        PartialEq::eq(&$field, &$default)
    }};
}

/// Implements [`Field`](super::field::Field) for a struct as a map.
macro_rules! table {
    ($type:ident { $($key:literal: $field:ident $(or $default:tt)?,)* }) => {
        #[allow(clippy::clone_on_copy)]
        impl Field for $type {
            const SHAPE: &'static str = stringify!($type);

            #[inline]
            fn write(&self, writer: &mut Writer<'_>) {
                let $type { $($field,)* } = self;
                writer.map(0 $(+ usize::from(present!($field $(or $default)?)))*);
                $(if present!($field $(or $default)?) {
                    writer.uint($key);
                    $field.write(writer);
                })*
            }

            #[inline]
            fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
                let mut map = reader.map()?;
                $(let $field = if map.take(reader, $key) {
                    let $field = Field::read(reader)?;
                    if spelled_out!($field $(or $default)?) {
                        return Err(Fault::NotCanonical);
                    }
                    $field
                } else {
                    left_out!($key $(or $default)?)
                };)*
                map.end(reader)?;
                Ok($type { $($field,)* })
            }
        }

        #[cfg(test)]
        impl $crate::journal::codec::tests::Documented for $type {
            fn columns() -> String {
                use $crate::journal::codec::tests::column;
                let columns = [$(column(
                    $key,
                    stringify!($field),
                    |this: &$type| &this.$field,
                    [$(stringify!($default))?].first().copied(),
                )),*];
                columns.join(", ")
            }
        }
    };
}

pub(super) use {left_out, present, spelled_out, table};
