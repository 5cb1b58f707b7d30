//! `touchline export`: the options, and what is shown (docs/export.md).

use crate::out;
use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use std::{
    io::IsTerminal,
    process::ExitCode,
    time::{Duration, Instant},
};
use touchline_app::{
    App,
    exports::{Dataset, ExportOrder, ExportProgress, Exported, Format, zone_named},
    store::Destination,
};
use touchline_model::Caller;

/// How often a line of progress is printed where there is no terminal.
const PLAIN: Duration = Duration::from_secs(5);

/// What to export, and where to.
#[derive(Args, Debug)]
pub struct Options {
    /// What to export; `--list` says what there is.
    #[arg(value_parser = dataset_parser(), required_unless_present = "list")]
    dataset: Option<Dataset>,
    /// The first day: a date, or how many days before today, such as 7d.
    #[arg(long, value_name = "DATE|Nd", required_unless_present = "list")]
    since: Option<String>,
    /// The last day [default: today].
    #[arg(long, value_name = "DATE|Nd")]
    until: Option<String>,
    /// What the files are written in.
    #[arg(long, value_parser = format_parser(), default_value = Format::Csv.name())]
    format: Format,
    /// A folder, or s3://bucket/prefix.
    #[arg(long, value_name = "DEST", required_unless_present = "list")]
    to: Option<String>,
    /// The tenant; may be left out when there is exactly one.
    #[arg(long)]
    tenant: Option<String>,
    /// Time zone of the days, such as Europe/Berlin, or `organisation` for the one that the tenant has chosen.
    #[arg(long, value_name = "IANA|organisation", default_value = "UTC")]
    zone: String,
    /// Leave out days that are not closed, so that nothing that is written is ever replaced.
    #[arg(long)]
    closed_only: bool,
    /// Say what can be exported.
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    place: crate::config::Place,
}

fn dataset_parser() -> impl TypedValueParser<Value = Dataset> {
    let names = PossibleValuesParser::new(Dataset::ALL.iter().map(|it| it.name()));
    names.map(|name| name.parse().unwrap_or(Dataset::Contacts))
}

fn format_parser() -> impl TypedValueParser<Value = Format> {
    let names = PossibleValuesParser::new(Format::ALL.iter().map(|it| it.name()));
    names.map(|name| name.parse().unwrap_or(Format::Csv))
}

/// Exports. An error is a run that published nothing.
pub async fn run(options: Options) -> Result<ExitCode, String> {
    if options.list {
        for it in Dataset::ALL {
            out::say(format_args!("{:<16}{}", it.name(), it.about()))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let (Some(dataset), Some(since), Some(to)) = (options.dataset, &options.since, &options.to) else {
        return Err("give a data set, --since and --to".to_owned());
    };
    let settings = options.place.settings(None)?;
    let config = &settings.config;
    let to =
        Destination::parse(to, &config.s3, &config.data.join("exports")).map_err(|e| format!("--to: {e}"))?;
    if options.zone != "organisation" && zone_named(&options.zone).is_none() {
        return Err(format!("--zone: there is no time zone `{}`", options.zone));
    }
    let app = crate::server::open_existing(config).await?;
    let done = export(&app, &options, dataset, since, &to).await;
    app.store().close().await;
    let done = done?;
    out::say(summary(dataset, &done))?;
    Ok(ExitCode::SUCCESS)
}

async fn export(
    app: &App,
    options: &Options,
    dataset: Dataset,
    since: &str,
    to: &Destination,
) -> Result<Exported, String> {
    let tenant = crate::import::tenant(app, options.tenant.as_deref()).await?;
    let caller = Caller::system(tenant, "export");
    let zone = match options.zone.as_str() {
        "organisation" => app.time_zone(&caller).await.map_err(|e| e.to_string())?,
        zone => zone.to_owned(),
    };
    let today = app.clock().now().to_jiff().to_zoned(zone_named(&zone).unwrap_or(TimeZone::UTC)).date();
    let until = options.until.as_deref().map(|text| day("--until", text, today)).transpose()?;
    let order = ExportOrder {
        dataset,
        format: options.format,
        since: day("--since", since, today)?,
        until,
        zone,
        closed_only: options.closed_only,
    };
    let mut shown = Shown::default();
    let done = app.export(&caller, to, &order, &mut |progress| shown.tell(progress)).await;
    shown.close();
    done.map_err(|error| with_causes(&error))
}

/// An error with what caused it.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(it) = cause {
        let more = it.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = it.source();
    }
    text
}

fn day(option: &str, text: &str, today: Date) -> Result<Date, String> {
    let wrong =
        || format!("{option}: `{text}` is neither a date such as 2026-03-01 nor a number of days such as 7d");
    if let Some(days) = text.strip_suffix('d') {
        let days: i32 = days.parse().ok().filter(|it| (0..100_000).contains(it)).ok_or_else(wrong)?;
        return today.checked_sub(days.days()).map_err(|_| wrong());
    }
    text.parse().map_err(|_| wrong())
}

fn summary(dataset: Dataset, done: &Exported) -> String {
    let Exported { days_written, days_kept, rows_written, bytes_written, .. } = done;
    let days = |n: usize| if n == 1 { "1 day".to_owned() } else { format!("{n} days") };
    let mut text = match done.published {
        false => format!("{dataset}: nothing has changed, {} kept", days(*days_kept)),
        true => format!(
            "{dataset}: {} written with {rows_written} rows in {bytes_written} bytes, {} kept",
            days(*days_written),
            days(*days_kept)
        ),
    };
    if !done.revised.is_empty() {
        text.push_str(&format!("; made anew for events that came late: {}", done.revised.join(", ")));
    }
    match &done.final_through {
        Some(date) => text.push_str(&format!("; final up to {date}")),
        None => text.push_str("; no day is final yet"),
    }
    format!("{text}\n{}", done.manifest)
}

/// Shows how far it has come.
#[derive(Default)]
struct Shown {
    bar: Option<ProgressBar>,
    told: Option<Instant>,
}

impl Shown {
    fn tell(&mut self, now: &ExportProgress) {
        let bar = self.bar.get_or_insert_with(|| {
            let to = match std::io::stderr().is_terminal() {
                true => ProgressDrawTarget::stderr(),
                false => ProgressDrawTarget::hidden(),
            };
            let bar = ProgressBar::with_draw_target(Some(now.of as u64), to);
            let style = ProgressStyle::with_template("{bar:30} {percent}% {pos}/{len} days {msg}, ETA {eta}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        let message = format!("{}, {} rows", now.date, now.rows);
        if !bar.is_hidden() {
            bar.set_position(now.done as u64);
            bar.set_message(message);
        } else if self.told.get_or_insert_with(Instant::now).elapsed() >= PLAIN {
            self.told = Some(Instant::now());
            eprintln!("{} of {} days: {message}", now.done, now.of);
        }
    }

    fn close(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_a_date_or_so_many_days_ago() {
        let today: Date = "2026-03-02".parse().unwrap();
        let read = |text: &str| day("--since", text, today).map(|it| it.to_string());
        assert_eq!(read("2025-12-31").unwrap(), "2025-12-31");
        assert_eq!(read("0d").unwrap(), "2026-03-02");
        assert_eq!(read("3d").unwrap(), "2026-02-27");
        for wrong in ["", "d", "-1d", "yesterday", "2026-02-30", "100000d"] {
            assert!(read(wrong).unwrap_err().starts_with("--since: "), "{wrong}");
        }
    }
}
