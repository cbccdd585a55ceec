#include "pages/compare/compare_candidates.h"

#include "charts/compare_overlay_chart.h"
#include "charts/sweep_chart.h"
#include "dialects/brevitas/lab_quantizers.h"
#include "dialects/brevitas/presets.h"
#include "items/text.h"
#include "look/controls.h"
#include "look/flow_layout.h"
#include "look/theme.h"
#include "pages/compare/compare_table.h"
#include "session/lab_store.h"

#include <QBoxLayout>
#include <QCompleter>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>

using namespace Qt::StringLiterals;

// The part of CompareCandidates that puts its widgets together.

namespace quantscope {

void CompareCandidates::makeAdd()
{
    m_add = new QLineEdit;
    m_add->setPlaceholderText(tr("Add: ap_fixed<6,-1>"));
    m_add->setObjectName(u"add-candidate"_s);
    m_add->setClearButtonEnabled(true);
    m_add->setFixedWidth(180);
    setAccessible(m_add, tr("Add a candidate"),
        tr("A Brevitas preset with overrides (Int8WeightPerTensorFloat,bit_width=4), ap_fixed<W,I>, ap_ufixed<W,I>, "
           "torch_per_tensor_affine, torch_per_channel_affine, binary or ternary. Enter adds it."));
    QStringList names;
    for (const std::string &name : presetNames(Slot::Weight))
        names << qs(name);
    for (const std::string &name : labQuantizerNames())
        names << qs(name);
    auto *completer = new QCompleter(names, m_add);
    completer->setFilterMode(Qt::MatchContains);
    completer->setCaseSensitivity(Qt::CaseInsensitive);
    m_add->setCompleter(completer);
    connect(m_add, &QLineEdit::returnPressed, this, &CompareCandidates::addTyped);
    connect(m_add, &QLineEdit::textEdited, this, [this] { showAddProblem({}); });
}

QWidget *CompareCandidates::makeHeader()
{
    auto *header = new QWidget;
    auto *row = new FlowLayout(header, 8);
    row->setContentsMargins(14, 10, 14, 6);
    m_title = titleLabel(tr("Candidates"));
    m_about = new ElidedLabel(Qt::ElideRight);
    m_about->setMinimumWidth(90);
    m_about->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    m_about->setForegroundRole(QPalette::PlaceholderText);
    makeAdd();
    m_order = textButton(tr("order: %1").arg(figureName(CompareFigure::Sqnr)),
        tr("Order of the candidates; a click on a figure's name does the same"));
    m_orderMenu = new QMenu(m_order);
    m_order->setMenu(m_orderMenu);
    m_remove = textButton(tr("Remove"), tr("Take the chosen candidate out of the table (Delete)"));
    m_apply = textButton(tr("Apply"), {});
    m_apply->setProperty("primary", true);
    m_apply->setObjectName(u"apply-candidate"_s);
    row->addWidget(m_title);
    row->addWidget(m_about);
    for (QWidget *widget : {static_cast<QWidget *>(m_add), static_cast<QWidget *>(m_order),
             static_cast<QWidget *>(m_remove), static_cast<QWidget *>(m_apply)})
        row->addWidget(widget);
    connect(m_orderMenu, &QMenu::aboutToShow, this, &CompareCandidates::fillOrderMenu);
    connect(m_remove, &QPushButton::clicked, this, &CompareCandidates::removeChosen);
    connect(m_apply, &QPushButton::clicked, this, &CompareCandidates::apply);
    return header;
}

QWidget *CompareCandidates::makeTable()
{
    auto *card = new Card(nullptr, 2);
    card->box()->setSpacing(0);
    card->box()->addWidget(makeHeader());
    m_problem = plainLabel();
    m_problem->setObjectName(u"add-problem"_s);
    m_problem->setWordWrap(true);
    m_problem->setContentsMargins(14, 0, 14, 6);
    m_problem->hide();
    card->box()->addWidget(m_problem);
    m_model.setOrder(CompareFigure::Sqnr);
    m_table = new CompareTable(m_model);
    m_table->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);
    card->box()->addWidget(m_table);
    card->box()->addLayout(makeFooter());
    card->box()->addStretch(1);
    connect(m_table, &CompareTable::chosenChanged, this, &CompareCandidates::onChosen);
    connect(m_table, &CompareTable::orderRequested, this, &CompareCandidates::setOrder);
    connect(m_table, &CompareTable::removeRequested, this, &CompareCandidates::removeChosen);
    connect(m_table, &CompareTable::applyRequested, this, &CompareCandidates::apply);
    return card;
}

QLayout *CompareCandidates::makeFooter()
{
    auto *footer = new QHBoxLayout;
    footer->setContentsMargins(14, 5, 14, 5);
    footer->setSpacing(8);
    m_note = dimLabel();
    m_note->setObjectName(u"compare-note"_s);
    m_note->setFont(Theme::sans(0.92));
    m_note->setWordWrap(true);
    m_stop = textButton(tr("Stop"), tr("Stop computing; what is known stays"));
    m_restore = textButton(tr("Show removed"), tr("Brings back the candidates that were removed"));
    for (QPushButton *button : {m_stop, m_restore}) {
        button->setFlat(true);
        button->setFont(Theme::sans(0.92));
        button->hide();
    }
    footer->addWidget(m_note, 1);
    footer->addWidget(m_restore);
    footer->addWidget(m_stop);
    connect(m_stop, &QPushButton::clicked, &m_lab, &LabStore::cancel);
    connect(m_restore, &QPushButton::clicked, &m_lab, &LabStore::restore);
    return footer;
}

QWidget *CompareCandidates::makeCharts()
{
    auto *charts = new QWidget;
    auto *row = new QHBoxLayout(charts);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(12);
    auto *sweepCard = new Card(nullptr, 12);
    auto *sweepHeader = new QHBoxLayout;
    m_sweepNote = new ElidedLabel(Qt::ElideRight);
    m_sweepNote->setForegroundRole(QPalette::PlaceholderText);
    sweepHeader->addWidget(titleLabel(tr("SQNR over bits")));
    sweepHeader->addWidget(m_sweepNote, 1);
    m_sweepChart = new SweepChart(tr("SQNR over bits"));
    sweepCard->box()->addLayout(sweepHeader);
    sweepCard->box()->addWidget(m_sweepChart, 1);
    auto *overlayCard = new Card(nullptr, 12);
    auto *overlayHeader = new FlowLayout(nullptr, 6); // else it would hold the page wide
    m_base = textButton(tr("file"), tr("What the chosen candidate is drawn over"));
    m_baseMenu = new QMenu(m_base);
    m_base->setMenu(m_baseMenu);
    m_overlayKind = new Segmented(tr("What the overlay shows"));
    m_overlayKind->setItems({tr("Error"), tr("Values")});
    m_overlayKind->setItemTip(0, tr("how many |e| lie in each power of two; a logarithmic count"));
    m_overlayKind->setItemTip(1, tr("how many weights become each value of the grid; a logarithmic count"));
    overlayHeader->addWidget(titleLabel(tr("Chosen over")));
    overlayHeader->addWidget(m_base);
    overlayHeader->addStretch();
    overlayHeader->addWidget(m_overlayKind);
    m_overlay = new CompareOverlayChart;
    overlayCard->box()->addLayout(overlayHeader);
    overlayCard->box()->addWidget(m_overlay, 1);
    row->addWidget(sweepCard, 1);
    row->addWidget(overlayCard, 1);
    connect(m_baseMenu, &QMenu::aboutToShow, this, &CompareCandidates::fillBaseMenu);
    connect(m_overlayKind, &Segmented::selected, this, &CompareCandidates::refreshOverlay);
    return charts;
}

} // namespace quantscope
