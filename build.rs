//! Migrations are compiled into the program; a new file in their folder must be seen.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
