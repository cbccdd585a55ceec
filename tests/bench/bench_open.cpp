// How long a checkpoint takes to open: the listing reads the directory and the pickle, never a storage. Beside torch
// both are whole processes, as a person starts them.

#include "base/process.h"
#include "checkpoint_file.h"
#include "formats/open_model.h"

#include <benchmark/benchmark.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <unistd.h>

#include <fmt/format.h>

using namespace quantscope;
using bench::CheckpointFile;

namespace {

double residentMegabytes()
{
    std::ifstream statm("/proc/self/statm");
    double total = 0, resident = 0;
    statm >> total >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

const CheckpointFile &gigabyte()
{
    static const auto file = CheckpointFile::zeros(256, {1024, 1024});
    return file;
}

const CheckpointFile &scriptGigabyte()
{
    static const auto file = CheckpointFile::script(256, {1024, 1024});
    return file;
}

void list(benchmark::State &state, const std::string &path)
{
    std::size_t tensors = 0;
    for (auto _ : state) {
        const auto file = openModel(path);
        if (!file)
            return state.SkipWithError(file.error().text().c_str());
        tensors = (*file)->tensors.size();
        state.PauseTiming();
        state.counters["resident_MB"] = residentMegabytes();
        state.ResumeTiming();
    }
    state.counters["tensors"] = static_cast<double>(tensors);
}

void listSample(benchmark::State &state) { list(state, QUANTSCOPE_SOURCE_DIR "/resources/samples/digits_fixed.pt"); }

void listGigabyte(benchmark::State &state) { list(state, gigabyte().path()); }

void listScriptGigabyte(benchmark::State &state) { list(state, scriptGigabyte().path()); }

/// Seconds of a whole run, start of the process included; nullopt where it fails.
std::optional<double> secondsOf(const std::vector<std::string> &command)
{
    const auto folder = TemporaryFolder::make();
    if (!folder)
        return std::nullopt;
    const auto start = std::chrono::steady_clock::now();
    const bool done = runProcess(command, *folder, std::chrono::seconds(600)).ok();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    return done ? std::optional(taken.count()) : std::nullopt;
}

std::string pythonWithTorch()
{
    for (const char *python : {"python3", "/usr/bin/python3"})
        if (secondsOf({findProgram(python), "-c", "import torch"}))
            return python;
    return {};
}

/// `quantscope inspect FILE --list` and Python's way to the names and shapes, run in turns; best of each.
void listBesideTorch(benchmark::State &state, const std::string &path, const std::string &load)
{
    static const std::string python = pythonWithTorch();
    if (python.empty())
        return state.SkipWithError("no python3 here has torch");
    const std::string code = fmt::format("import torch; torch.{}('{}')", load, path);
    double torch = HUGE_VAL, own = HUGE_VAL;
    for (auto _ : state) {
        const auto ours = secondsOf({QUANTSCOPE_PROGRAM, "inspect", path, "--list"});
        const auto theirs = secondsOf({findProgram(python), "-c", code});
        if (!ours || !theirs)
            return state.SkipWithError(ours ? "torch does not load the file" : "quantscope does not list the file");
        state.SetIterationTime(*ours);
        own = std::min(own, *ours);
        torch = std::min(torch, *theirs);
    }
    state.counters["torch_ms"] = 1e3 * torch;
    state.counters["ratio"] = torch / own;
}

void listGigabyteBesideTorch(benchmark::State &state) { listBesideTorch(state, gigabyte().path(), "load"); }

void listScriptGigabyteBesideTorch(benchmark::State &state)
{
    listBesideTorch(state, scriptGigabyte().path(), "jit.load");
}

void listHundredThousand(benchmark::State &state)
{
    static const auto file = CheckpointFile::zeros(100'000, {16});
    list(state, file.path());
}

/// 25 safetensors files of 4 GB each, holes but for their headers, and their index.
class ShardedModel {
public:
    ShardedModel()
    {
        constexpr std::uint64_t kBytes = 2ull * 8192 * 6144;
        constexpr int kTensors = 40, kFiles = 25;
        std::filesystem::create_directories(m_folder);
        std::string map;
        for (int file = 0; file < kFiles; ++file) {
            const std::string name = fmt::format("model-{:05}-of-{:05}.safetensors", file + 1, kFiles);
            std::string header;
            for (int i = 0; i < kTensors; ++i) {
                const std::string tensor = fmt::format("model.layers.{}.mlp.up_proj.weight", file * kTensors + i);
                header += fmt::format(R"({}"{}":{{"dtype":"BF16","shape":[8192,6144],"data_offsets":[{},{}]}})",
                    i > 0 ? "," : "{", tensor, kBytes * static_cast<unsigned>(i),
                    kBytes * static_cast<unsigned>(i + 1));
                map += fmt::format(R"({}"{}":"{}")", map.empty() ? "" : ",", tensor, name);
            }
            header += "}";
            std::ofstream(m_folder / name, std::ios::binary) << bench::le<std::uint64_t>(header.size()) << header;
            std::filesystem::resize_file(m_folder / name, 8 + header.size() + kTensors * kBytes);
        }
        std::ofstream(path()) << R"({"metadata":{},"weight_map":{)" << map << "}}";
    }
    ShardedModel(const ShardedModel &) = delete;
    ShardedModel &operator=(const ShardedModel &) = delete;
    ~ShardedModel() { std::filesystem::remove_all(m_folder); }
    std::string path() const { return (m_folder / "model.safetensors.index.json").string(); }

private:
    std::filesystem::path m_folder
        = std::filesystem::temp_directory_path() / fmt::format("quantscope_bench_{}", ::getpid());
};

void listHundredGigabytes(benchmark::State &state)
{
    static const ShardedModel model;
    list(state, model.path());
}

/// Every element of a 1 GB checkpoint as float32, through one reader a tensor.
void readGigabyte(benchmark::State &state)
{
    const auto file = openModel(gigabyte().path());
    std::vector<float> chunk(1 << 16);
    for (auto _ : state)
        for (const TensorInfo &tensor : (*file)->tensors) {
            TensorReader reader(tensor);
            for (std::uint64_t at = 0; at < tensor.count(); at += chunk.size())
                reader.floats(at, chunk);
            benchmark::DoNotOptimize(chunk.data());
        }
    state.SetBytesProcessed(state.iterations() * (std::int64_t{1} << 30));
}

} // namespace

BENCHMARK(listSample)->Unit(benchmark::kMicrosecond);
BENCHMARK(listGigabyte)->Unit(benchmark::kMillisecond);
BENCHMARK(listScriptGigabyte)->Unit(benchmark::kMillisecond);
BENCHMARK(listGigabyteBesideTorch)->Unit(benchmark::kMillisecond)->UseManualTime()->Iterations(5);
BENCHMARK(listScriptGigabyteBesideTorch)->Unit(benchmark::kMillisecond)->UseManualTime()->Iterations(5);
BENCHMARK(listHundredThousand)->Unit(benchmark::kMillisecond);
BENCHMARK(listHundredGigabytes)->Unit(benchmark::kMillisecond);
BENCHMARK(readGigabyte)->Unit(benchmark::kMillisecond);
