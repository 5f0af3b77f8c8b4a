//! How long the pure parts take. `cargo bench -p recado-pure`; one of them: `-- webhook`.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use recado_pure::protocol::Moment;
use recado_pure::request::Asked;
use recado_pure::template::Message;
use recado_pure::webhook::{Grouped, Post};

fn webhooks(criterion: &mut Criterion) {
    let posts = [
        ("1 status", Post::of(1, Grouped::Together)),
        ("1000 statuses together", Post::of(1_000, Grouped::Together)),
        (
            "1000 statuses by number",
            Post::of(1_000, Grouped::ByNumber),
        ),
        ("1000 statuses apart", Post::of(1_000, Grouped::Apart)),
    ];
    let mut group = criterion.benchmark_group("webhook");
    for (name, post) in &posts {
        group.throughput(Throughput::ElementsAndBytes {
            elements: post.statuses as u64,
            bytes: post.body.len() as u64,
        });
        group.bench_function(BenchmarkId::new("verify", name), |bencher| {
            bencher.iter(|| black_box(post).verify());
        });
        group.bench_function(BenchmarkId::new("verify, parse, fold", name), |bencher| {
            bencher.iter(|| black_box(post).take_in());
        });
    }
    group.finish();
}

fn templates(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("template");
    for message in &Message::samples() {
        group.bench_function(BenchmarkId::new("open, render", message.name), |bencher| {
            bencher.iter(|| black_box(message).prepare());
        });
        group.bench_function(BenchmarkId::new("render", message.name), |bencher| {
            bencher.iter(|| black_box(message).render());
        });
        group.bench_function(BenchmarkId::new("mask", message.name), |bencher| {
            bencher.iter(|| black_box(message).mask());
        });
    }
    group.finish();
}

fn steps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("step");
    for moment in &Moment::samples() {
        group.bench_function(moment.name, |bencher| {
            bencher.iter(|| black_box(moment).decide());
        });
    }
    group.finish();
}

fn requests(criterion: &mut Criterion) {
    let asked = Asked::sample();
    let mut group = criterion.benchmark_group("request");
    group.throughput(Throughput::Bytes(asked.body.len() as u64));
    group.bench_function("accept", |bencher| {
        bencher.iter(|| black_box(&asked).accept());
    });
    group.finish();
}

criterion_group!(all, webhooks, templates, steps, requests);
criterion_main!(all);
