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
        std::function<void(bool done)> beside = {}; ///< what goes and comes with the edit, before it
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
        apply(m_before, false);
    }
    void redo() override { apply(m_after, true); }

private:
    void apply(const Recipe &recipe, bool done)
    {
        if (m_target.beside)
            m_target.beside(done);
        m_target.apply(recipe);
    }

    Target m_target;
    Recipe m_before, m_after;
};

} // namespace quantscope
