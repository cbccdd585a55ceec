#pragma once

#include "base/cursor.h"
#include "formats/pickle/pickle_tree.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace quantscope {

/// The stack of a pickle and its marks, with the bytes that are read and the tree that grows.
class PickleStack {
protected:
    /// `fileOffset`: where the pickle's first byte lies in the file, for messages.
    PickleStack(PickleTree &tree, std::uint64_t fileOffset, Budget &budget);
    [[noreturn]] void fail(const std::string &message) const;

    void push(PickleRef ref);
    PickleRef pop();
    PickleRef top() const;
    void mark();
    /// Everything above the last mark, which goes too. The span is valid until the next call.
    std::span<const PickleRef> popToMark();
    void drop();
    void dropToMark();
    void duplicate();

    PickleTree &m_tree;
    Cursor m_cursor;
    Budget &m_budget;

private:
    std::size_t floor() const { return m_marks.empty() ? 0 : m_marks.back(); }

    std::vector<PickleRef> m_stack;
    std::vector<std::size_t> m_marks;
    std::vector<PickleRef> m_popped;
};

} // namespace quantscope
