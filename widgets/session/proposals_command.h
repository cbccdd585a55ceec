#pragma once

#include "session/proposals.h"

#include <QUndoCommand>

namespace quantscope {

/// Proposals of several slots as one step.
class Proposals::Command : public QUndoCommand {
public:
    static constexpr int kId = 4711; ///< those that are made one after the other become one

    Command(Proposals &proposals, Entries before, Entries after, const QString &text)
        : QUndoCommand(text)
        , m_proposals(proposals)
        , m_before(std::move(before))
        , m_after(std::move(after))
    {
    }
    void undo() override
    {
        m_proposals.take(m_after);
        m_proposals.put(m_before);
    }
    void redo() override
    {
        m_proposals.take(m_before);
        m_proposals.put(m_after);
    }
    int id() const override { return kId; }
    bool mergeWith(const QUndoCommand *other) override
    {
        const auto &next = *static_cast<const Command *>(other);
        if (m_after.empty() || next.m_after.empty() || next.text() != text())
            return false;
        for (const auto &[name, entry] : next.m_before)
            if (!m_after.contains(name))
                m_before.emplace(name, entry);
        m_after = next.m_after;
        return true;
    }

private:
    Proposals &m_proposals;
    Entries m_before, m_after;
};

} // namespace quantscope
