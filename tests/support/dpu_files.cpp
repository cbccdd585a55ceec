#include "support/dpu_files.h"

#include "base/sha256.h"
#include "network/dpu_shifts.h"
#include "open/open_network.h"
#include "support/paths.h"
#include "support/slot_text.h"

#include <cmath>
#include <stdexcept>

#include <fmt/format.h>

namespace quantscope::test {

nlohmann::json dpuExpected()
{
    const auto bytes = bytesOf(data("dpu/expected.json"));
    const auto *begin = reinterpret_cast<const char *>(bytes.data());
    return nlohmann::json::parse(begin, begin + bytes.size());
}

Network openedDpu(const std::string &path)
{
    auto network = openNetwork(path);
    if (!network)
        throw std::runtime_error(network.error().text());
    return std::move(*network);
}

const SlotQuantizer &dpuSlot(const Network &network, const std::string &layer, Slot slot)
{
    const Layer *found = network.layer(layer);
    if (found == nullptr || found->slot(slot) == nullptr)
        throw std::runtime_error(fmt::format("no {} {}", layer, slot));
    return *found->slot(slot);
}

std::string dpuHash(const SlotQuantizer &slot)
{
    std::vector<std::int32_t> codes;
    for (const std::int64_t code : codesOf(slot))
        codes.push_back(static_cast<std::int32_t>(code));
    return sha256(std::as_bytes(std::span(codes)));
}

int positionOf(const SlotQuantizer &slot) { return static_cast<int>(-std::log2(slot.quantizer->scale->values[0])); }

std::string shiftsText(const Network &network, bool anyDialect)
{
    std::string out;
    const auto text = [](const std::optional<DpuShift> &shift) {
        return shift ? fmt::format("{} [{}]", shift->value, rangeText(*shift)) : std::string("?");
    };
    const Arrivals arrivals(network);
    for (const DpuShifts &shifts : anyDialect ? dpuPositions(arrivals) : dpuShifts(arrivals))
        out += fmt::format(
            "{} cut {} bias {}\n", network.layer(shifts.layer).name, text(shifts.cut), text(shifts.biasShift));
    return out;
}

DpuFolder::DpuFolder(const std::vector<std::string> &files, const std::string &from)
{
    for (const std::string &file : files)
        add((from.empty() ? data("dpu/tiny/") : from) + file, file.substr(file.rfind('/') + 1));
}

void DpuFolder::add(const std::string &path, const std::string &name)
{
    if (!QFile::copy(QString::fromStdString(path), m_folder.filePath(QString::fromStdString(name))))
        throw std::runtime_error("cannot copy " + path);
}

void DpuFolder::write(const std::string &name, const QByteArray &text) const
{
    QFile file(m_folder.filePath(QString::fromStdString(name)));
    if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size())
        throw std::runtime_error("cannot write " + name);
}

std::string DpuFolder::path(const std::string &name) const
{
    return m_folder.filePath(QString::fromStdString(name)).toStdString();
}

} // namespace quantscope::test
