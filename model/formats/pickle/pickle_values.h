#pragma once

#include "formats/pickle/pickle_stack.h"

#include <array>

namespace quantscope {

/// The opcodes that make values and fill containers.
class PickleValues : protected PickleStack {
protected:
    using PickleStack::PickleStack;

    // Text lines of protocol 0.
    std::string_view line();
    std::uint64_t lineNumber();
    void textInt();
    void textLong();
    void textFloat();
    void textString();
    void textUnicode();
    void textPersistent();

    void none() { push(m_tree.addScalar(PickleKind::None, 0)); }
    void yes() { push(m_tree.addScalar(PickleKind::Bool, 1)); }
    void no() { push(m_tree.addScalar(PickleKind::Bool, 0)); }
    template <class T> void binaryInt() { push(m_tree.addScalar(PickleKind::Int, m_cursor.number<T>())); }
    template <class T, bool checkSign> void binaryLong();
    void binaryFloat();
    template <class T, PickleKind kind> void sizedText();
    void persistent();

    void emptyDict() { push(m_tree.addContainer(PickleKind::Dict)); }
    void emptyList() { push(m_tree.addContainer(PickleKind::List)); }
    void emptySet() { push(m_tree.addContainer(PickleKind::Set)); }
    void emptyTuple() { push(m_tree.addTuple({})); }
    void markedDict();
    void markedList();
    void markedTuple();
    void frozenSet();
    template <std::size_t count> void shortTuple();

    void appendOne();
    void appendMarked();
    void addMarked();
    void setOne();
    void setMarked();

private:
    void requireSetTarget(PickleRef target);
    void requireHashable(PickleRef key);
};

template <class T, bool checkSign> void PickleValues::binaryLong()
{
    const std::uint64_t length = m_cursor.number<T>();
    if (checkSign && length > 0x7FFFFFFF)
        fail("the pickle has an integer of negative length");
    const std::uint64_t at = m_cursor.position();
    const auto bytes = m_cursor.take(length);
    if (length > 8)
        return push(m_tree.addText(PickleKind::BigInt, at, length));
    std::uint64_t value = length > 0 && (std::to_integer<unsigned>(bytes.back()) & 0x80) != 0 ? ~0ull : 0;
    for (std::size_t i = bytes.size(); i-- > 0;)
        value = (value << 8) | std::to_integer<std::uint64_t>(bytes[i]);
    push(m_tree.addScalar(PickleKind::Int, static_cast<std::int64_t>(value)));
}

template <class T, PickleKind kind> void PickleValues::sizedText()
{
    const std::uint64_t length = m_cursor.number<T>();
    const std::uint64_t at = m_cursor.position();
    m_cursor.skip(length);
    push(m_tree.addText(kind, at, length));
}

template <std::size_t count> void PickleValues::shortTuple()
{
    std::array<PickleRef, count> items;
    for (std::size_t i = count; i-- > 0;)
        items[i] = pop();
    push(m_tree.addTuple(items));
}

} // namespace quantscope
