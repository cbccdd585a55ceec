#pragma once

#include "support/onnx_writer.h"

#include <QString>
#include <QStringList>

#include <fmt/format.h>

namespace quantscope::test {

/// The only tensor of a file, beside an operator that reads it.
inline TensorInfo onlyTensor(const std::string &tensor, unsigned field = 5, const std::string &path = "memory")
{
    const std::string bytes = proto::number(1, 8)
        + proto::text(7,
            proto::text(1, proto::node("Neg", "n", {"w"}, {"y"})) + proto::text(field, tensor)
                + proto::text(12, proto::text(1, "y")));
    const auto *begin = reinterpret_cast<const std::byte *>(bytes.data());
    const auto source = std::make_shared<MemorySource>(std::vector<std::byte>(begin, begin + bytes.size()));
    const ModelFile file = readOnnx({source, path, {}, {}});
    return file.tensors.at(0);
}

/// Its values, or what is wrong with it.
inline QString shown(const TensorInfo &tensor)
{
    if (!tensor.problem.empty())
        return QString::fromStdString(tensor.problem);
    QStringList out;
    if (isInteger(tensor.dtype))
        for (const std::int64_t value : readIntegers(tensor))
            out << QString::number(value);
    else
        for (const float value : readFloats(tensor))
            out << QString::fromStdString(fmt::format("{:.9g}", value)); // with the sign of zero
    return QString::fromUtf8(dtypeName(tensor.dtype).data()) + " " + out.join(" ");
}

} // namespace quantscope::test

namespace quantscope::test::proto {

inline std::string fromHex(const char *hex) { return QByteArray::fromHex(hex).toStdString(); }

/// A TensorProto whose data lie in a file of their own; without a length to its end.
inline std::string external(const std::string &name, unsigned type, const std::vector<std::int64_t> &dims,
    const std::string &location, std::uint64_t offset, const std::string &length = "")
{
    const auto entry
        = [](const std::string &key, const std::string &value) { return text(13, text(1, key) + text(2, value)); };
    return packed(1, dims) + number(2, type) + text(8, name) + entry("location", location)
        + entry("offset", std::to_string(offset)) + (length.empty() ? "" : entry("length", length)) + number(14, 1);
}

} // namespace quantscope::test::proto
