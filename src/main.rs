//! The `quantong` command.
use clap::Parser;
#[derive(clap::Parser)]
enum Top {
    #[command(subcommand)]
    Bench(quantong::cli::bench::Bench),
}
#[tokio::main]
async fn main() {
    let Top::Bench(b) = Top::parse();
    quantong::cli::bench::run(b).await.unwrap();
}
