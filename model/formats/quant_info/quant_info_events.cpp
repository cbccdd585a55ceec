#include "formats/quant_info/quant_info_events.h"

#include "base/text.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr double kLargestNumber = 1e6; ///< of bits and positions; what is beyond is no number of either

} // namespace

void QuantInfoEvents::refuse(const char *what) const
{
    throw ParseError(fmt::format(
        "its entry '{}' {}: vai_q_pytorch writes [bits, position], alone or in a list", printable(m_entry), what));
}

void QuantInfoEvents::beginObject()
{
    if (m_section != nullptr && (m_depth >= 2 || !m_open.empty()))
        refuse("holds an object");
    ++m_depth;
    if (m_depth == 2)
        m_sections += m_section != nullptr ? 1 : 0;
}

void QuantInfoEvents::endObject() { --m_depth; }

void QuantInfoEvents::key(std::string &name)
{
    if (m_depth == 1) {
        m_section = name == "param" ? &m_out.parameters
            : name == "output"      ? &m_out.outputs
            : name == "input"       ? &m_out.inputs
                                    : nullptr;
        if (m_section != nullptr && !m_seen.insert(m_section).second)
            throw ParseError(
                fmt::format("has the key '{}' twice, of which Python reads the last one alone: leave one of them",
                    printable(name)));
        m_top = std::move(name);
        return;
    }
    m_budget.charge(sizeof(QuantInfoEntry) + name.size(), "the entries");
    m_entry = std::move(name);
}

void QuantInfoEvents::text(std::string &value)
{
    if (m_depth == 1 && m_top == "version")
        m_out.version = std::move(value);
    else if (m_section != nullptr)
        refuse("holds a text");
}

void QuantInfoEvents::boolean(bool value)
{
    if (m_depth == 1 && m_top == "bias_corrected")
        m_out.biasCorrected = value;
    else if (m_depth == 1 && m_top == "fast_finetuned")
        m_out.fastFinetuned = value;
    else if (m_section != nullptr)
        refuse("holds true or false");
}

void QuantInfoEvents::beginArray()
{
    m_budget.charge(sizeof(Item), "the entries");
    Item list;
    list.isList = true;
    m_open.push_back(std::move(list));
}

void QuantInfoEvents::endArray()
{
    Item closed = std::move(m_open.back());
    m_open.pop_back();
    take(std::move(closed));
}

void QuantInfoEvents::take(Item item)
{
    if (m_section == nullptr) {
        return; // of no interest
    }
    if (!m_open.empty()) {
        m_budget.charge(sizeof(Item), "the entries");
        m_open.back().list.push_back(std::move(item));
    } else if (m_depth == 2) {
        addEntry(item);
    } else {
        throw ParseError(fmt::format("its '{}' is no object of entries", printable(m_top)));
    }
}

void QuantInfoEvents::addEntry(const Item &value)
{
    QuantInfoEntry entry;
    entry.name = m_entry;
    const bool nested = value.isList && std::ranges::all_of(value.list, [](const Item &item) { return item.isList; });
    if (nested)
        for (const Item &tensor : value.list)
            entry.tensors.push_back(numbersOf(tensor));
    else if (value.isList)
        entry.tensors.push_back(numbersOf(value));
    else if (!value.isNull)
        refuse("is one number");
    m_section->push_back(std::move(entry));
}

QuantInfoNumbers QuantInfoEvents::numbersOf(const Item &item) const
{
    QuantInfoNumbers out;
    const std::vector<Item> &list = item.list;
    if (list.size() != 2 && list.size() != 4)
        refuse("has neither 2 nor 4 numbers");
    out.bits = wholeNumber(list[0], "has a bit width that is no whole number");
    out.ofDpu = list.size() == 2;
    if (out.ofDpu) {
        out.fixPosition = wholeNumber(list[1], "has a position that is no whole number");
    } else {
        out.scales = numbers(list[1]);
        out.zeroPoints = numbers(list[2]);
        out.largest = numbers(list[3]);
    }
    return out;
}

std::optional<std::int64_t> QuantInfoEvents::wholeNumber(const Item &item, const char *what) const
{
    if (item.isNull)
        return std::nullopt;
    if (item.isList || std::nearbyint(item.number) != item.number || std::fabs(item.number) > kLargestNumber)
        refuse(what);
    return static_cast<std::int64_t>(item.number);
}

std::vector<double> QuantInfoEvents::numbers(const Item &item) const
{
    std::vector<double> out;
    if (!item.isList) {
        if (!item.isNull)
            out.push_back(item.number);
        return out;
    }
    for (const Item &one : item.list) {
        if (one.isList || one.isNull)
            refuse("has scales that are no numbers");
        out.push_back(one.number);
    }
    return out;
}

} // namespace quantscope
