// How long a checkpoint takes to open: the listing reads the directory and the pickle, never a storage.

#include "checkpoint_file.h"
#include "formats/open_model.h"

#include <benchmark/benchmark.h>

#include <filesystem>
#include <fstream>
#include <string>

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

void listGigabyte(benchmark::State &state)
{
    static const auto file = CheckpointFile::zeros(256, {1 << 20});
    list(state, file.path());
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
    static const auto generated = CheckpointFile::zeros(256, {1 << 20});
    const auto file = openModel(generated.path());
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
BENCHMARK(listHundredThousand)->Unit(benchmark::kMillisecond);
BENCHMARK(listHundredGigabytes)->Unit(benchmark::kMillisecond);
BENCHMARK(readGigabyte)->Unit(benchmark::kMillisecond);
