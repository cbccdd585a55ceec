#include "formats/pickle/pickle_stack.h"

#include <algorithm>

namespace quantscope {

PickleStack::PickleStack(PickleTree &tree, std::uint64_t fileOffset, Budget &budget)
    : m_tree(tree)
    , m_cursor(tree.bytes(), fileOffset)
    , m_budget(budget)
{
}

void PickleStack::fail(const std::string &message) const { throw ParseError(message, m_cursor.offset()); }

void PickleStack::push(PickleRef ref)
{
    if (m_stack.size() == m_stack.capacity())
        m_budget.charge(std::max<std::size_t>(1024, m_stack.size()) * 2 * sizeof(PickleRef), "the pickle's stack");
    m_stack.push_back(ref);
}

PickleRef PickleStack::pop()
{
    const PickleRef ref = top();
    m_stack.pop_back();
    return ref;
}

PickleRef PickleStack::top() const
{
    if (m_stack.size() <= floor())
        fail("the pickle takes more from its stack than it has put there");
    return m_stack.back();
}

void PickleStack::mark()
{
    if (m_marks.size() == m_marks.capacity())
        m_budget.charge(std::max<std::size_t>(64, m_marks.size()) * 2 * sizeof(std::size_t), "the pickle's stack");
    m_marks.push_back(m_stack.size());
}

std::span<const PickleRef> PickleStack::popToMark()
{
    if (m_marks.empty())
        fail("the pickle looks for a mark that was not set");
    const std::size_t begin = m_marks.back();
    m_marks.pop_back();
    m_popped.assign(m_stack.begin() + static_cast<std::ptrdiff_t>(begin), m_stack.end());
    m_stack.resize(begin);
    return m_popped;
}

void PickleStack::drop()
{
    // Python's POP removes a mark when there is nothing above it.
    if (!m_marks.empty() && m_stack.size() == m_marks.back())
        m_marks.pop_back();
    else
        pop();
}

void PickleStack::dropToMark() { popToMark(); }
void PickleStack::duplicate() { push(top()); }

} // namespace quantscope
