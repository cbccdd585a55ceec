// libFuzzer: build with the preset `fuzz`, then
//   build/fuzz/bin/fuzz_open_model -max_len=65536 CORPUS tests/data/torch/zip tests/data/torch/bad tests/data/onnx

#include "touch_model.h"

#include <cstddef>
#include <cstring>
#include <string>

#include <zlib.h>

namespace {

using Bytes = std::vector<std::uint8_t>;

template <class T> void put(Bytes &out, T value)
{
    const auto *begin = reinterpret_cast<const std::uint8_t *>(&value);
    out.insert(out.end(), begin, begin + sizeof(T));
}

void putText(Bytes &out, const std::string &text) { out.insert(out.end(), text.begin(), text.end()); }

void putSizes(Bytes &out, const Bytes &content)
{
    put<std::uint32_t>(out, static_cast<std::uint32_t>(::crc32(0, content.data(), static_cast<uInt>(content.size()))));
    put<std::uint32_t>(out, static_cast<std::uint32_t>(content.size()));
    put<std::uint32_t>(out, static_cast<std::uint32_t>(content.size()));
}

/// A checkpoint with a right CRC around the input as its pickle: mutations of a whole zip hardly ever reach the pickle
/// machine.
Bytes wrapped(Bytes pickle)
{
    Bytes out, directory;
    std::uint16_t count = 0;
    const auto add = [&](const std::string &name, const Bytes &content) {
        const auto offset = static_cast<std::uint32_t>(out.size());
        putText(out, std::string("PK\x03\x04\x14\0\0\0\0\0\0\0\0\0", 14));
        putSizes(out, content);
        put<std::uint32_t>(out, static_cast<std::uint32_t>(name.size()));
        putText(out, name);
        out.insert(out.end(), content.begin(), content.end());
        putText(directory, std::string("PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0\0\0", 16));
        putSizes(directory, content);
        put<std::uint32_t>(directory, static_cast<std::uint32_t>(name.size()));
        putText(directory, std::string(10, '\0'));
        put<std::uint32_t>(directory, offset);
        putText(directory, name);
        ++count;
    };
    add("a/data.pkl", pickle);
    for (const char *key : {"0", "1", "2"})
        add(std::string("a/data/") + key, Bytes(512, 1));
    const auto start = static_cast<std::uint32_t>(out.size());
    out.insert(out.end(), directory.begin(), directory.end());
    putText(out, std::string("PK\x05\x06\0\0\0\0", 8));
    put(out, count);
    put(out, count);
    put(out, static_cast<std::uint32_t>(directory.size()));
    put(out, start);
    put<std::uint16_t>(out, 0);
    return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const std::span input(data, size);
    // A pickle by itself (protocol 2 and later start with 0x80) is also tried inside a sound archive.
    if (size > 0 && data[0] == 0x80)
        quantscope::fuzz::openAndTouch(wrapped(Bytes(input.begin(), input.end())));
    quantscope::fuzz::openAndTouch(input);
    return 0;
}
