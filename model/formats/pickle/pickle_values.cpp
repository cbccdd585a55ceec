#include "formats/pickle/pickle_values.h"

#include "base/parse_number.h"
#include "base/text.h"
#include "formats/pickle/pickle_text.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// What Python's float() makes of a decimal number outside the range of double: infinity, or zero.
double beyondDouble(std::string_view text)
{
    const bool negative = text.starts_with('-');
    const std::size_t mark = std::min(text.find_first_of("eE"), text.size());
    const std::string_view mantissa = text.substr(0, mark);
    const std::size_t first = mantissa.find_first_of("123456789"), point = std::min(mantissa.find('.'), mark);
    if (first == std::string_view::npos)
        return negative ? -0.0 : 0.0;
    const auto places = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
    std::string_view exponent = mark < text.size() ? text.substr(mark + 1) : "0";
    if (exponent.starts_with('+'))
        exponent.remove_prefix(1);
    const auto power = parseNumber<std::int32_t>(exponent); // one that does not fit says it by its sign
    const bool large = power ? *power + places > 0 : !exponent.starts_with('-');
    const double size = large ? std::numeric_limits<double>::infinity() : 0.0;
    return negative ? -size : size;
}

} // namespace

std::string_view PickleValues::line()
{
    const auto rest = m_tree.bytes().subspan(m_cursor.position());
    const std::string_view text(reinterpret_cast<const char *>(rest.data()), rest.size());
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos)
        fail("the pickle has a line without an end");
    m_cursor.skip(end + 1);
    std::string_view out = text.substr(0, end);
    if (out.ends_with('\r'))
        out.remove_suffix(1);
    return out;
}

std::uint64_t PickleValues::lineNumber()
{
    const auto value = parseNumber<std::uint64_t>(line());
    if (!value)
        fail("the pickle has a memo index that is not a number");
    return *value;
}

void PickleValues::textInt()
{
    const std::string_view text = line();
    if (text == "00")
        return no();
    if (text == "01")
        return yes();
    const auto value = parseNumber<std::int64_t>(text);
    if (!value)
        fail(fmt::format("the pickle has an integer '{}' that is not one", printable(text.substr(0, 40))));
    push(m_tree.addScalar(PickleKind::Int, *value));
}

void PickleValues::textLong()
{
    std::string_view text = line();
    if (text.ends_with('L'))
        text.remove_suffix(1);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (end != text.data() + text.size() || text.empty())
        fail("the pickle has an integer that is not one");
    push(error == std::errc() ? m_tree.addScalar(PickleKind::Int, value)
                              : m_tree.addOwnedText(PickleKind::BigInt, text));
}

void PickleValues::textFloat()
{
    const std::string_view text = line();
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc::invalid_argument || end != text.data() + text.size())
        fail("the pickle has a number that is not one");
    if (error == std::errc::result_out_of_range) // Python's float(): too large is infinite, too small zero
        value = beyondDouble(text);
    push(m_tree.addReal(value));
}

void PickleValues::textString()
{
    const std::string_view text = line();
    const bool quoted
        = text.size() >= 2 && text.front() == text.back() && (text.front() == '\'' || text.front() == '"');
    if (!quoted)
        fail("the pickle has a string without quotes");
    push(m_tree.addOwnedText(PickleKind::Text, unescaped(text.substr(1, text.size() - 2))));
}

void PickleValues::textUnicode() { push(m_tree.addOwnedText(PickleKind::Text, rawUnicode(line()))); }

void PickleValues::textPersistent()
{
    const PickleRef id = m_tree.addOwnedText(PickleKind::Text, line());
    push(m_tree.addPair(PickleKind::Persistent, id, 0));
}

void PickleValues::persistent() { push(m_tree.addPair(PickleKind::Persistent, pop(), 0)); }

void PickleValues::binaryFloat()
{
    std::uint64_t bits = 0; // the one big-endian number of the format
    for (const std::byte b : m_cursor.take(8))
        bits = (bits << 8) | std::to_integer<std::uint64_t>(b);
    push(m_tree.addReal(std::bit_cast<double>(bits)));
}

void PickleValues::markedTuple() { push(m_tree.addTuple(popToMark())); }

void PickleValues::markedList()
{
    const PickleRef list = m_tree.addContainer(PickleKind::List);
    if (const auto items = popToMark(); !items.empty())
        m_tree.append(list, items);
    push(list);
}

void PickleValues::markedDict()
{
    const PickleRef dict = m_tree.addContainer(PickleKind::Dict);
    const auto items = popToMark();
    if (items.size() % 2 != 0)
        fail("the pickle makes a dict from a key without a value");
    for (std::size_t i = 0; i < items.size(); i += 2)
        requireHashable(items[i]);
    if (!items.empty())
        m_tree.set(dict, items);
    push(dict);
}

void PickleValues::frozenSet()
{
    const PickleRef set = m_tree.addContainer(PickleKind::Set);
    if (const auto items = popToMark(); !items.empty())
        m_tree.append(set, items);
    push(set);
}

void PickleValues::appendOne()
{
    const PickleRef item = pop();
    mark();
    push(item);
    appendMarked();
}

void PickleValues::appendMarked()
{
    const auto items = popToMark();
    const PickleRef target = top();
    const PickleKind kind = m_tree.kind(target);
    if (kind != PickleKind::List && kind != PickleKind::Call && kind != PickleKind::Object)
        fail("the pickle appends to something that is not a list");
    if (!items.empty())
        m_tree.append(target, items);
}

void PickleValues::addMarked()
{
    const auto items = popToMark();
    const PickleRef target = top();
    if (!m_tree.is(target, PickleKind::Set) && !m_tree.is(target, PickleKind::Object))
        fail("the pickle adds elements to something that is not a set");
    if (!items.empty())
        m_tree.append(target, items);
}

void PickleValues::requireSetTarget(PickleRef target)
{
    const PickleKind kind = m_tree.kind(target);
    if (kind != PickleKind::Dict && kind != PickleKind::Call && kind != PickleKind::Object)
        fail("the pickle sets a key of something that is not a dict");
}

void PickleValues::requireHashable(PickleRef key)
{
    const PickleKind kind = m_tree.kind(key);
    if (kind == PickleKind::List || kind == PickleKind::Dict || kind == PickleKind::Set)
        fail("the pickle uses a list or dict as a key");
}

void PickleValues::setOne()
{
    const PickleRef value = pop();
    const PickleRef key = pop();
    requireSetTarget(top());
    requireHashable(key);
    const PickleRef both[] = {key, value};
    m_tree.set(top(), both);
}

void PickleValues::setMarked()
{
    const auto items = popToMark();
    const PickleRef target = top();
    requireSetTarget(target);
    if (items.size() % 2 != 0)
        fail("the pickle sets a key without a value");
    for (std::size_t i = 0; i < items.size(); i += 2)
        requireHashable(items[i]);
    if (!items.empty())
        m_tree.set(target, items);
}

} // namespace quantscope
