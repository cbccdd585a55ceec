#include "panels/proposals_bar.h"

#include "items/text.h"
#include "look/controls.h"
#include "look/flow_layout.h"
#include "look/theme.h"
#include "session/session.h"

#include <QBoxLayout>
#include <QGridLayout>
#include <QLabel>
#include <QPushButton>

using namespace Qt::StringLiterals;

namespace quantscope {

static QString worstRule() { return QObject::tr("the lowest SQNR of a weight, 10 log₁₀(Σ w² / Σ e²), and its layer"); }

ProposalsBar::ProposalsBar(Session &session, QWidget *parent)
    : QFrame(parent)
    , m_session(session)
    , m_title(titleLabel())
    , m_note(plainLabel())
    , m_totals(new QWidget)
    , m_apply(textButton(tr("Apply all"), {}))
    , m_discard(textButton(tr("Discard all"),
          tr("Drop every proposal, as one step that can be undone (Ctrl+Z); the recipe stays as it is")))
    , m_seen(textButton(tr("OK"), tr("Hide this message")))
{
    setProperty("panel", true);
    setObjectName(u"proposals"_s);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(12, 6, 12, 8);
    column->setSpacing(4);
    auto *header = new FlowLayout(nullptr, 8);
    m_title->setObjectName(u"proposals-title"_s);
    m_title->setToolTip(
        plainTip(tr("Chosen for their layers and not applied. Proposals are no edits of the recipe: they "
                    "are not saved, and nothing asks before they go with the model.")));
    m_apply->setProperty("primary", true);
    m_apply->setObjectName(u"apply-proposals"_s);
    m_discard->setObjectName(u"discard-proposals"_s);
    header->addWidget(m_title);
    header->addStretch();
    header->addWidget(m_apply);
    header->addWidget(m_discard);
    column->addLayout(header);
    auto *grid = new QGridLayout(m_totals);
    grid->setContentsMargins(0, 0, 0, 0);
    makeTotals(*grid);
    column->addWidget(m_totals);
    auto *said = new QHBoxLayout;
    m_note->setObjectName(u"proposals-note"_s);
    m_note->setWordWrap(true);
    m_seen->setFlat(true);
    said->addWidget(m_note, 1);
    said->addWidget(m_seen, 0, Qt::AlignTop);
    column->addLayout(said);
    connectSession();
    refresh();
}

void ProposalsBar::connectSession()
{
    Proposals &proposals = m_session.proposals();
    connect(&proposals, &Proposals::changed, this, &ProposalsBar::refresh);
    connect(&m_session, &Session::stateChanged, this, &ProposalsBar::refresh);
    connect(&m_session.statistics(), &StatisticsStore::ready, this, [this] {
        if (!isHidden() && m_session.statistics().idle())
            refresh();
    });
    connect(&Theme::instance(), &Theme::changed, this, &ProposalsBar::refresh);
    connect(m_apply, &QPushButton::clicked, &proposals, &Proposals::applyAll);
    connect(m_discard, &QPushButton::clicked, &proposals, &Proposals::discardAll);
    connect(m_seen, &QPushButton::clicked, &proposals, &Proposals::forgetDropped);
}

void ProposalsBar::makeTotals(QGridLayout &grid)
{
    const QString titles[kFigures] = {tr("bits"), tr("BRAM18"), tr("worst weight")};
    const QString tips[kFigures] = {tr("elements times bits of a code, over every quantized tensor"),
        tr("blocks of 18 kbit (RAMB18 of AMD’s 7 series and UltraScale): each tensor in a memory of its own, one code "
           "a "
           "word, in the shape from 16K × 1 to 512 × 36 that takes fewest"),
        worstRule()};
    const QString rows[2] = {tr("file"), tr("proposed")};
    static const char *const kNames[2] = {"in-force", "proposed"};
    static const char *const kKeys[kFigures] = {"bits", "blocks", "worst"};
    grid.setHorizontalSpacing(12);
    grid.setVerticalSpacing(1);
    grid.setColumnStretch(kFigures, 1);
    for (int row = 0; row < 2; ++row)
        grid.addWidget(dimLabel(rows[row]), row + 1, 0);
    for (int column = 0; column < kFigures; ++column) {
        const bool last = column == kFigures - 1;
        auto *title = dimLabel(titles[column]);
        title->setToolTip(plainTip(tips[column]));
        grid.addWidget(title, 0, column + 1, last ? Qt::AlignLeft : Qt::AlignRight);
        for (int row = 0; row < 2; ++row) {
            QLabel *figure = last ? new ElidedLabel(Qt::ElideMiddle) : monoLabel();
            figure->setFont(Theme::mono(0.95));
            figure->setObjectName(u"proposals-%1-%2"_s.arg(QLatin1String(kNames[row]), QLatin1String(kKeys[column])));
            figure->setAccessibleName(rows[row] + u' ' + titles[column]);
            figure->setToolTip(plainTip(tips[column]));
            grid.addWidget(figure, row + 1, column + 1, last ? Qt::Alignment() : Qt::AlignRight);
            m_figures[row][column] = figure;
        }
    }
}

void ProposalsBar::showTotals(int row, const NetworkTotals *totals)
{
    const QString unknown = u"…"_s;
    m_figures[row][0]->setText(totals ? groupedText(totals->bits) : unknown);
    m_figures[row][1]->setText(totals ? groupedText(totals->blocks) : unknown);
    const QString worst = !totals || !totals->complete ? unknown
        : totals->worstDb ? decibelText(totals->worstDb) + u' ' + shownText(totals->worstLayer)
                          : u"–"_s;
    static_cast<ElidedLabel *>(m_figures[row][kFigures - 1])->setFullText(worst, worst + u'\n' + worstRule());
}

void ProposalsBar::refresh()
{
    const Proposals &proposals = m_session.proposals();
    const std::size_t count = proposals.all().size();
    setVisible(count > 0 || !proposals.dropped().isEmpty());
    m_title->setText(countText(count, tr("proposal")));
    m_note->setText(proposals.dropped().isEmpty() ? QString() : u"▲ "_s + proposals.dropped());
    for (QWidget *widget : {static_cast<QWidget *>(m_note), static_cast<QWidget *>(m_seen)})
        widget->setVisible(!proposals.dropped().isEmpty());
    for (QWidget *widget :
        {static_cast<QWidget *>(m_title), static_cast<QWidget *>(m_apply), static_cast<QWidget *>(m_discard), m_totals})
        widget->setVisible(count > 0);
    if (count == 0)
        return;
    const NetworkTotals inForce = totalsOf(m_session.inspection());
    showTotals(0, &inForce);
    const ProposedNetwork *known = proposals.proposed();
    showTotals(1, known ? &known->totals : nullptr);
    const QString problem = proposals.applyProblem();
    m_apply->setEnabled(problem.isEmpty());
    m_apply->setToolTip(plainTip(problem.isEmpty()
            ? tr("All proposals become the recipe of their layers, as one step that can be undone (Ctrl+Z)")
            : problem));
}

} // namespace quantscope
