#include "pages/compare/sweep_result.h"

#include "dialects/brevitas/recipe_edits.h"
#include "items/text.h"
#include "lab/allocation_python.h"
#include "lab/allocation_recipe.h"
#include "look/flow_layout.h"
#include "pages/parts/code_view.h"
#include "session/apply_problem.h"
#include "session/session.h"

#include <QApplication>
#include <QBoxLayout>
#include <QClipboard>
#include <QPushButton>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

SweepResult::SweepResult(Session &session, QWidget *parent)
    : Card(parent, 12)
    , m_session(session)
    , m_title(titleLabel())
    , m_form(new Segmented(tr("As what")))
    , m_copy(textButton(tr("Copy"), tr("Copy the text below")))
    , m_propose(textButton(tr("Propose"), {}))
    , m_apply(textButton(tr("Apply to recipe"), {}))
    , m_text(new CodeView(tr("The chosen widths")))
{
    auto *header = new FlowLayout(nullptr, 8);
    m_title->setObjectName(u"sweep-result"_s);
    m_title->setWordWrap(true);
    m_title->setMinimumWidth(220);
    m_title->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    m_form->setItems({tr("Recipe"), tr("Brevitas")});
    m_form->setItemTip(0, tr("entries of a recipe, TOML"));
    m_form->setItemTip(1, tr("keyword arguments of Brevitas layers, to train or calibrate again with these widths"));
    m_apply->setProperty("primary", true);
    m_apply->setObjectName(u"apply-sweep"_s);
    m_propose->setObjectName(u"propose-sweep"_s);
    for (QWidget *widget : {static_cast<QWidget *>(m_title), static_cast<QWidget *>(m_form),
             static_cast<QWidget *>(m_copy), static_cast<QWidget *>(m_propose), static_cast<QWidget *>(m_apply)})
        header->addWidget(widget);
    box()->addLayout(header);
    m_text->setMinimumHeight(80);
    m_text->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Ignored); // what it likes would be taken from charts
    box()->addWidget(m_text, 1);
    connect(m_form, &Segmented::selected, this, &SweepResult::showText);
    connect(m_copy, &QPushButton::clicked, this, [this] { QApplication::clipboard()->setText(m_text->text()); });
    connect(m_propose, &QPushButton::clicked, this, &SweepResult::propose);
    connect(m_apply, &QPushButton::clicked, this, &SweepResult::apply);
}

static bool sameChoice(const std::optional<Allocation> &a, const std::optional<Allocation> &b)
{
    return a.has_value() == b.has_value() && (!a || a->points == b->points);
}

void SweepResult::setAllocation(
    Points points, std::optional<Allocation> allocation, const QString &title, const QString &undoText)
{
    m_title->setText(title);
    m_undoText = undoText;
    const auto network = m_session.state() == Session::State::Ready ? m_session.network() : nullptr;
    const bool same = network == m_network && points == m_points && sameChoice(allocation, m_allocation);
    m_network = network;
    m_points = std::move(points);
    m_allocation = std::move(allocation);
    refreshApply();
    if (!same)
        startPrinting();
}

SweepResult::Texts SweepResult::print(
    const Network &network, const std::vector<SweepPoint> &points, const Allocation &allocation)
{
    Texts texts;
    const auto recipe = allocationRecipe(network, points, allocation);
    texts.recipe = recipe ? qs(*recipe) : u"# "_s + qs(recipe.error().message);
    texts.python = qs(allocationPython(points, allocation));
    const auto before = allocationRecipe(network, points, Allocation{});
    const QString old = before ? qs(*before) : QString();
    const auto differs = std::mismatch(texts.recipe.begin(), texts.recipe.end(), old.begin(), old.end()).first;
    texts.firstChange
        = texts.recipe == old ? 0 : static_cast<int>(std::count(texts.recipe.begin(), differs, QChar(u'\n')));
    return texts;
}

/// On a worker: the recipe's file is read and hashed, edited and printed for a network of thousands of layers.
void SweepResult::startPrinting()
{
    m_printing.cancel();
    m_texts = {};
    if (!m_network || !m_points || !m_allocation)
        return showText();
    m_printing.start([network = m_network, points = m_points, allocation = *m_allocation](
                         const Progress &) -> Result<Texts> { return print(*network, *points, allocation); },
        [this](Result<Texts> texts) {
            m_texts = texts ? std::move(*texts) : Texts{.recipe = u"# "_s + qs(texts.error().message), .python = {}};
            showText();
        });
}

/// A recipe starts where these widths change it.
void SweepResult::showText()
{
    const bool recipe = m_form->current() == 0;
    const QString &text = recipe ? m_texts.recipe : m_texts.python;
    if (text == m_text->text())
        return;
    m_text->setText(text, CodeView::Language::Toml);
    static constexpr int kAbove = 3; // lines that say whose entry it is
    m_text->showLine(std::max(0, (recipe ? m_texts.firstChange : 0) - kAbove));
}

void SweepResult::refreshApply()
{
    const QString problem
        = !m_allocation ? tr("There is nothing to apply yet.") : applyProblem(m_session, m_session.currentSlot());
    m_copy->setEnabled(m_allocation.has_value());
    m_propose->setEnabled(problem.isEmpty());
    m_propose->setToolTip(plainTip(problem.isEmpty() ? tr("These widths are listed beside what is in force, and can be "
                                                          "changed layer by layer before they are applied")
                                                     : problem));
    m_apply->setEnabled(problem.isEmpty());
    m_apply->setToolTip(plainTip(problem.isEmpty()
            ? tr("These widths become the recipe of all these layers, as one edit that can be undone (Ctrl+Z)")
            : problem));
}

void SweepResult::apply()
{
    if (!m_apply->isEnabled() || !m_allocation)
        return;
    std::vector<SlotChoice> choices;
    for (const Proposal &proposal : proposals())
        choices.push_back(proposal.choice);
    m_session.applyChoices(choices, m_undoText);
}

std::vector<Proposal> SweepResult::proposals() const
{
    std::vector<Proposal> chosen;
    for (const std::size_t i : m_allocation->points) {
        const SweepPoint &point = (*m_points)[i];
        chosen.push_back(Proposal::of(point.layer, point.slot, {point.candidate, point.settings}));
    }
    return chosen;
}

void SweepResult::propose()
{
    if (m_propose->isEnabled() && m_allocation)
        m_session.proposals().proposeAll(proposals(), tr("propose %1").arg(m_undoText));
}

} // namespace quantscope
