#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <unistd.h>

#include <fmt/format.h>
#include <zlib.h>

namespace quantscope::bench {

template <class T> std::string le(T value) { return {reinterpret_cast<const char *>(&value), sizeof(T)}; }
inline std::string pickled(const std::string &text) { return "X" + le(static_cast<std::uint32_t>(text.size())) + text; }
inline std::string pickled(std::uint32_t number) { return "J" + le(number); }

/// Names and values of a dict of float32 tensors of one shape; `name` has their number at its {}.
inline std::string tensorItems(
    std::uint32_t tensors, std::span<const std::uint32_t> shape, fmt::format_string<std::uint32_t &> name)
{
    std::uint32_t elements = 1;
    for (const std::uint32_t size : shape)
        elements *= size;
    std::string sizes, strides;
    std::uint32_t stride = elements;
    for (const std::uint32_t size : shape) {
        stride /= size;
        sizes += pickled(size);
        strides += pickled(stride);
    }
    std::string out;
    for (std::uint32_t i = 0; i < tensors; ++i) {
        out += pickled(fmt::format(name, i)) + "ctorch._utils\n_rebuild_tensor_v2\n((" + pickled("storage");
        out += "ctorch\nFloatStorage\n" + pickled(std::to_string(i)) + pickled("cpu") + pickled(elements) + "tQK";
        out += std::string(1, '\0') + "(" + sizes + "t(" + strides + "t\x89" + "ccollections\nOrderedDict\n)RtR";
    }
    return out;
}

/// A state_dict of tensors "layers.N.weight", as torch.save writes it.
inline std::string stateDict(std::uint32_t tensors, std::span<const std::uint32_t> shape)
{
    return "\x80\x02"
           "ccollections\nOrderedDict\n)R("
        + tensorItems(tensors, shape, "layers.{}.weight") + "u.";
}

/// A module of linear layers one behind the other, as torch.jit.save writes it.
inline std::string scriptModule(std::uint32_t tensors, std::span<const std::uint32_t> shape)
{
    return "\x80\x02"
           "c__torch__\nNet\n)\x81}("
        + tensorItems(tensors, shape, "weight{}") + "ub.";
}

inline std::string scriptCode(std::uint32_t tensors)
{
    std::string names, fields, steps;
    for (std::uint32_t i = 0; i < tensors; ++i) {
        names += fmt::format("\"weight{}\", ", i);
        fields += fmt::format("  weight{} : Tensor\n", i);
        steps += fmt::format(
            "    x{0} = torch.linear({1}, self.weight{0})\n", i, i == 0 ? "x" : fmt::format("x{}", i - 1));
    }
    return fmt::format("class Net(Module):\n  __parameters__ = [{}]\n  __buffers__ = []\n{}  def forward(self: "
                       "__torch__.Net,\n    x: Tensor) -> Tensor:\n{}    return x{}\n",
        names, fields, steps, tensors - 1);
}

/// Writes a stored zip archive; zeros are left as holes that take no room on the disk.
class ZipFile {
public:
    explicit ZipFile(const std::string &path)
        : m_out(path, std::ios::binary)
    {
    }

    void add(const std::string &name, std::span<const char> content)
    {
        begin(name, content.size(), crcOf(content));
        m_out.write(content.data(), static_cast<std::streamsize>(content.size()));
        m_at += content.size();
    }
    void addZeros(const std::string &name, std::uint64_t bytes, std::uint32_t crc)
    {
        begin(name, bytes, crc);
        m_at += bytes;
        m_out.seekp(static_cast<std::streamoff>(m_at));
    }
    void finish()
    {
        const std::uint64_t directory = m_at;
        m_out << m_directory;
        const std::uint64_t end64 = directory + m_directory.size();
        m_out << "PK\x06\x06" << le<std::uint64_t>(44) << le<std::uint32_t>(0x002d002d) << le<std::uint64_t>(0);
        m_out << le(m_count) << le(m_count) << le<std::uint64_t>(m_directory.size()) << le(directory);
        m_out << "PK\x06\x07" << le<std::uint32_t>(0) << le(end64) << le<std::uint32_t>(1);
        m_out << "PK\x05\x06" << le<std::uint32_t>(0) << le<std::uint16_t>(0xFFFF) << le<std::uint16_t>(0xFFFF);
        m_out << le<std::uint32_t>(0xFFFFFFFF) << le<std::uint32_t>(0xFFFFFFFF) << le<std::uint16_t>(0);
        m_out.close();
    }
    static std::uint32_t crcOf(std::span<const char> content)
    {
        return static_cast<std::uint32_t>(
            ::crc32_z(0, reinterpret_cast<const Bytef *>(content.data()), content.size()));
    }

private:
    void begin(const std::string &name, std::uint64_t bytes, std::uint32_t crc)
    {
        // torch pads each member to 64 bytes by an extra field "FB".
        const std::uint64_t dataAt = (m_at + 30 + name.size() + 4 + 63) / 64 * 64;
        const auto padding = static_cast<std::uint16_t>(dataAt - m_at - 30 - name.size() - 4);
        const std::string sizes
            = le(crc) + le(static_cast<std::uint32_t>(bytes)) + le(static_cast<std::uint32_t>(bytes));
        const std::string common = le<std::uint16_t>(0) + le<std::uint16_t>(0) + le<std::uint32_t>(0) + sizes
            + le(static_cast<std::uint16_t>(name.size()));
        m_directory
            += "PK\x01\x02" + le<std::uint32_t>(0x002d002d) + common + le<std::uint16_t>(12) + std::string(10, '\0');
        m_directory += le<std::uint32_t>(0xFFFFFFFF) + name + le<std::uint16_t>(1) + le<std::uint16_t>(8) + le(m_at);
        m_out << "PK\x03\x04" << le<std::uint16_t>(45) << common << le(static_cast<std::uint16_t>(padding + 4)) << name
              << "FB" << le(padding) << std::string(padding, 'Z');
        m_at = dataAt;
        ++m_count;
    }
    std::ofstream m_out;
    std::string m_directory;
    std::uint64_t m_at = 0;
    std::uint64_t m_count = 0;
};

/// A generated checkpoint that goes away with the process.
class CheckpointFile {
public:
    /// Zeros, as holes: for what reads no storage.
    static CheckpointFile zeros(std::uint32_t tensors, std::vector<std::uint32_t> shape)
    {
        return {tensors, shape, "", writeZeros};
    }
    /// The same as a TorchScript archive.
    static CheckpointFile script(std::uint32_t tensors, std::vector<std::uint32_t> shape)
    {
        return {tensors, shape, scriptCode(tensors), writeZeros};
    }
    /// Weights as training leaves them, other ones in every tensor and with every seed.
    static CheckpointFile weights(std::uint32_t tensors, std::vector<std::uint32_t> shape, std::uint32_t seed = 1)
    {
        std::mt19937 engine(seed);
        std::normal_distribution<float> normal(0.0f, 0.05f);
        std::vector<float> values;
        const auto write = [&](ZipFile &zip, const std::string &name, std::size_t bytes) {
            values.resize(bytes / sizeof(float));
            const std::size_t fresh = std::min<std::size_t>(values.size(), 1u << 20);
            for (std::size_t i = 0; i < values.size(); ++i)
                values[i] = i < fresh ? normal(engine) : values[i - fresh];
            zip.add(name, {reinterpret_cast<const char *>(values.data()), bytes});
        };
        return {tensors, shape, "", write, seed};
    }
    CheckpointFile(const CheckpointFile &) = delete;
    CheckpointFile &operator=(const CheckpointFile &) = delete;
    ~CheckpointFile() { std::remove(m_path.c_str()); }

    const std::string &path() const { return m_path; }

private:
    using Writer = std::function<void(ZipFile &zip, const std::string &name, std::size_t bytes)>;
    CheckpointFile(std::uint32_t tensors, const std::vector<std::uint32_t> &shape, const std::string &code,
        const Writer &write, std::uint32_t seed = 0)
        : m_path((std::filesystem::temp_directory_path()
            / fmt::format("quantscope-bench-{}-{}-{}{}.pt", ::getpid(), tensors, seed, code.empty() ? "" : "-script"))
                     .string())
    {
        std::size_t bytes = sizeof(float);
        for (const std::uint32_t size : shape)
            bytes *= size;
        ZipFile zip(m_path);
        zip.add("archive/data.pkl", code.empty() ? stateDict(tensors, shape) : scriptModule(tensors, shape));
        if (!code.empty()) {
            zip.add("archive/code/__torch__.py", code);
            zip.add("archive/constants.pkl", std::string("\x80\x02)."));
        }
        for (std::uint32_t i = 0; i < tensors; ++i)
            write(zip, fmt::format("archive/data/{}", i), bytes);
        zip.add("archive/version", std::string("3\n"));
        zip.finish();
    }

    static void writeZeros(ZipFile &zip, const std::string &name, std::size_t bytes)
    {
        static std::string zero;
        if (zero.size() != bytes)
            zero.assign(bytes, '\0');
        zip.addZeros(name, bytes, ZipFile::crcOf(zero));
    }

    std::string m_path;
};

} // namespace quantscope::bench
