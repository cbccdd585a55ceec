#pragma once

#include "recipe/recipe.h"

#include <QUndoCommand>

#include <functional>
#include <utility>

namespace quantscope {

/// An edit keeps the whole recipe before and after: they are small, and undo cannot go wrong.
class RecipeCommand : public QUndoCommand {
public:
    struct Target {
        std::function<void(const Recipe &)> apply;
        std::function<bool()> takesBack; ///< the edit did not fit the model: it leaves the history
    };

    RecipeCommand(Target target, Recipe before, Recipe after, const QString &text)
        : QUndoCommand(text)
        , m_target(std::move(target))
        , m_before(std::move(before))
        , m_after(std::move(after))
    {
    }
    void undo() override
    {
        setObsolete(m_target.takesBack());
        m_target.apply(m_before);
    }
    void redo() override { m_target.apply(m_after); }

private:
    Target m_target;
    Recipe m_before, m_after;
};

} // namespace quantscope
