#pragma once

#include "items/proposed_cells.h"
#include "lab/allocation.h"
#include "look/controls.h"
#include "session/task.h"

#include <memory>
#include <optional>
#include <vector>

class QPushButton;

namespace quantscope {

class CodeView;
class Session;
struct Network;

/// The widths that a sweep ends in: as a recipe or keyword arguments to copy, and as one edit of the recipe.
class SweepResult : public Card {
    Q_OBJECT
public:
    explicit SweepResult(Session &session, QWidget *parent = nullptr);

    using Points = std::shared_ptr<const std::vector<SweepPoint>>;
    /// `undoText` names the edit that applying makes. Nothing without an allocation.
    void setAllocation(
        Points points, std::optional<Allocation> allocation, const QString &title, const QString &undoText);
    /// Empty until they are printed.
    QString recipeText() const { return m_texts.recipe; }
    QString pythonText() const { return m_texts.python; }
    void apply();
    void propose(); ///< for all these layers, as one step
    bool idle() const { return !m_printing.running(); }

private:
    struct Texts {
        QString recipe, python;
        int firstChange = 0; ///< the line of the recipe where these widths change it
    };
    static Texts print(const Network &network, const std::vector<SweepPoint> &points, const Allocation &allocation);
    void startPrinting();
    void showText();
    void refreshApply();
    std::vector<Proposal> proposals() const;

    Session &m_session;
    QLabel *m_title;
    Segmented *m_form;
    QPushButton *m_copy, *m_propose, *m_apply;
    CodeView *m_text;
    std::shared_ptr<const Network> m_network; ///< whose recipe is printed
    Points m_points;
    std::optional<Allocation> m_allocation;
    QString m_undoText;
    Texts m_texts;
    Task<Texts> m_printing;
};

} // namespace quantscope
