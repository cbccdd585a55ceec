#include "pages/compare/compare_candidates.h"

#include "dialects/brevitas/lab_quantizers.h"
#include "dialects/brevitas/presets.h"
#include "items/text.h"
#include "look/controls.h"
#include "look/flow_layout.h"
#include "look/theme.h"
#include "pages/compare/compare_charts.h"
#include "pages/compare/compare_effects.h"
#include "pages/compare/compare_table.h"
#include "session/apply_problem.h"
#include "session/lab_store.h"
#include "session/session.h"

#include <QBoxLayout>
#include <QCheckBox>
#include <QCompleter>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>

using namespace Qt::StringLiterals;

namespace quantscope {

CompareCandidates::CompareCandidates(
    Session &session, LabStore &lab, SweepStore &sweep, EffectStore &effects, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_lab(lab)
    , m_effects(effects)
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(12);
    column->addWidget(makeTable());
    m_charts = new CompareCharts(lab, sweep, m_model);
    column->addWidget(m_charts, 1);
    connect(&lab, &LabStore::refused, this, [this](const QString &candidate, const QString &why) {
        if (m_add->text().isEmpty())
            m_add->setText(candidate); // to be corrected
        showAddProblem(why);
    });
    connect(&session.proposals(), &Proposals::changed, this, [this] {
        const std::vector<std::string> proposed = proposedTexts();
        if (!isVisible() || proposed.empty() || proposed == m_shownTexts)
            return;
        m_shownTexts = proposed;
        m_of.clear();
        refresh();
    });
    connect(&session.undoStack(), &QUndoStack::indexChanged, this, [this] { showAddProblem({}); });
}

void CompareCandidates::makeAdd()
{
    m_add = new QLineEdit;
    m_add->setPlaceholderText(tr("Add: ap_fixed<6,-1>"));
    m_add->setObjectName(u"add-candidate"_s);
    m_add->setClearButtonEnabled(true);
    m_add->setFixedWidth(180);
    m_add->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed); // what is compared takes the room
    setAccessible(m_add, tr("Add a candidate"),
        tr("A Brevitas preset with overrides (Int8WeightPerTensorFloat,bit_width=4; of activations range=max or a "
           "percentile of the data such as range=99.9), ap_fixed<W,I>, ap_ufixed<W,I>, torch_per_tensor_affine, "
           "torch_per_channel_affine, binary or ternary. Enter adds it."));
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
    connect(m_table, &CompareTable::picked, this, &CompareCandidates::propose);
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
    m_stop->setObjectName(u"stop-compare"_s);
    m_resume = textButton(tr("Run on data"), tr("Go on with what the candidates do on data"));
    m_resume->setObjectName(u"resume-effects"_s);
    m_restore = textButton(tr("Show removed"), tr("Brings back the candidates that were removed"));
    for (QPushButton *button : {m_stop, m_resume, m_restore}) {
        button->setFlat(true);
        button->setFont(Theme::sans(0.92));
        button->hide();
    }
    m_exactOnly = new QCheckBox(tr("exact in ap_fixed only"));
    m_exactOnly->setObjectName(u"compare-exact"_s);
    m_exactOnly->setToolTip(
        plainTip(tr("Only candidates of which an ap_fixed holds every value: one power-of-two scale, zero point 0")));
    connect(m_exactOnly, &QCheckBox::toggled, this, &CompareCandidates::refreshColumns);
    footer->addWidget(m_note, 1);
    footer->addWidget(m_exactOnly);
    footer->addWidget(m_restore);
    footer->addWidget(m_resume);
    footer->addWidget(m_stop);
    connect(m_stop, &QPushButton::clicked, this, &CompareCandidates::stop);
    connect(m_resume, &QPushButton::clicked, &m_effects, &EffectStore::resume);
    connect(m_restore, &QPushButton::clicked, &m_lab, &LabStore::restore);
    return footer;
}

void CompareCandidates::addTyped()
{
    if (m_add->text().trimmed().isEmpty())
        return;
    const auto candidate = parseCandidate(str(m_add->text().simplified().remove(u' ')));
    showAddProblem(candidate ? QString() : qs(candidate.error().message));
    if (!candidate)
        return;
    m_chosen = candidate->text;
    m_lab.add(*candidate);
    m_add->clear();
    choose(m_chosen); // where it was known already
}

void CompareCandidates::showAddProblem(const QString &text)
{
    setWrong(m_add, !text.isEmpty(), text);
    showProblem(m_problem, text);
}

void CompareCandidates::removeChosen()
{
    showAddProblem({});
    if (m_table->chosen() > 0)
        m_lab.remove(m_model.column(m_table->chosen()).name);
}

void CompareCandidates::setOrder(std::optional<CompareFigure> figure)
{
    const bool again = figure && m_model.order() == figure;
    m_model.setOrder(figure, again && !m_model.reversed());
    m_order->setText(figure ? tr("order: %1").arg(figureName(*figure)) + (m_model.reversed() ? u" ▴"_s : QString())
                            : tr("order: offered"));
    if (!choose(m_chosen))
        m_table->choose(suggestedColumn(m_model));
}

void CompareCandidates::fillOrderMenu()
{
    m_orderMenu->clear();
    m_orderMenu->addAction(tr("as offered"), this, [this] { setOrder(std::nullopt); });
    for (const CompareFigure figure : {CompareFigure::Sqnr, CompareFigure::Bits, CompareFigure::MaxError,
             CompareFigure::MeanError, CompareFigure::AtLimit, CompareFigure::Clipped, CompareFigure::Zeroed,
             CompareFigure::CodesUsed, CompareFigure::Memory, CompareFigure::Exact, CompareFigure::OutputSqnr,
             CompareFigure::PredictionsChanged, CompareFigure::Accuracy})
        if (figure < kFirstOnData || m_effects.hasData())
            m_orderMenu->addAction(figureName(figure), this, [this, figure] { setOrder(figure); });
}

bool CompareCandidates::choose(const std::string &candidate)
{
    const int column = m_model.columnOf(candidate);
    if (column >= 0) {
        m_chosen = candidate;
        m_table->choose(column);
    }
    return column >= 0;
}

void CompareCandidates::onChosen()
{
    refreshApply();
    m_charts->setChosen(m_table->chosen() >= 0 ? m_model.column(m_table->chosen()).name : std::string());
}

/// What a person chooses stays with its layers until it is applied, or the file's own column is chosen.
void CompareCandidates::propose()
{
    m_chosen = m_model.column(m_table->chosen()).name;
    if (m_table->chosen() > 0)
        m_session.proposals().propose(m_lab.proposals(m_chosen));
    else
        m_session.proposals().withdraw(m_lab.layers(), m_lab.slot());
}

/// One for each layer; empty where there is none for some.
std::vector<std::string> CompareCandidates::proposedTexts() const
{
    std::vector<std::string> texts;
    for (const std::string &layer : m_of)
        if (const Proposal *proposal = m_session.proposals().of(layer, m_ofSlot))
            texts.push_back(proposal->candidate);
    return texts.size() == m_of.size() ? texts : std::vector<std::string>();
}

/// Other layers: what is proposed for them is chosen, and the best candidate where nothing is.
void CompareCandidates::takeSelection()
{
    if (m_of == m_lab.layers() && m_ofSlot == m_lab.slot())
        return;
    m_of = m_lab.layers();
    m_ofSlot = m_lab.slot();
    m_shownRevision = {};
    const std::vector<std::string> proposed = proposedTexts();
    m_chosen = m_lab.nameOf(proposed);
    if (proposed.size() != 1 || !m_chosen.empty())
        return;
    m_chosen = proposed.front();
    if (const auto candidate = parseCandidate(m_chosen))
        m_lab.add(*candidate); // dragged, and nothing that is offered
}

void CompareCandidates::refresh()
{
    m_charts->setVisible(!m_lab.layers().empty());
    m_charts->refreshCaptions(m_session);
    takeSelection();
    if (m_shownRevision != std::pair(m_lab.revision(), m_effects.revision()))
        refreshColumns();
    refreshNotes();
    onChosen();
    refreshSweep();
}

void CompareCandidates::refreshColumns()
{
    const bool others = m_shownRevision.first == 0;
    m_effects.want(wantedEffects(m_lab, shownColumns()), wantedFlows(m_lab));
    m_shownRevision = {m_lab.revision(), m_effects.revision()};
    std::vector<CompareColumn> columns = shownColumns();
    if (!m_model.setOnData(m_effects.hasData()) && !others && m_model.updateColumns(columns))
        return;
    m_model.setColumns(std::move(columns));
    if (m_model.columnCount() > 0 && !choose(m_chosen)) // what was chosen may still come
        m_table->choose(suggestedColumn(m_model));
}

std::vector<CompareColumn> CompareCandidates::shownColumns() const
{
    return columnsOnData(m_lab, m_effects, m_exactOnly->isChecked());
}

void CompareCandidates::refreshButtons(bool isComparing)
{
    const EffectStore::Count onData = m_effects.count();
    m_stop->setVisible(isComparing || m_effects.awaitsRun() || (!m_effects.idle() && onData.done < onData.total));
    m_resume->setVisible((m_effects.isStopped() && !m_effects.hasData())
        || (!m_lab.layers().empty() && onData.done < onData.total
            && (m_effects.isStopped() || !m_effects.problem().empty())));
    m_restore->setVisible(m_lab.hasRemoved());
}

void CompareCandidates::refreshNotes()
{
    const QString layers
        = m_lab.layers().size() > 1 ? tr("for %1 layers together, ").arg(m_lab.layers().size()) : QString();
    m_about->setText(m_lab.layers().empty()
            ? QString()
            : layers + tr("%1, %2").arg(qs(m_lab.slot()), countText(m_lab.elements(), tr("element"))));
    for (QWidget *control : {static_cast<QWidget *>(m_add), static_cast<QWidget *>(m_order)})
        control->setEnabled(!m_lab.layers().empty());
    m_table->setVisible(!m_lab.layers().empty());
    const LabStore::Count count = m_lab.count();
    const QString running = m_lab.idle() || m_lab.layers().empty()
        ? QString()
        : tr("%1 of %2 candidates").arg(count.done).arg(count.total);
    refreshButtons(!running.isEmpty());
    QStringList notes;
    if (!running.isEmpty())
        notes << running;
    if (!m_lab.problem().empty())
        notes << qs(m_lab.problem());
    else if (m_lab.layers().empty())
        notes << (m_session.state() == Session::State::Ready
                ? m_session.currentSlot() && presetSlot(m_session.currentSlot().slot->slot) == Slot::Act
                    ? whyNoFlow(m_session)
                    : tr("This selection has no weights to compare candidates with.")
                : tr("The quantizers are being computed…"));
    if (const int chosen = m_table->chosen(); chosen > 0 && m_lab.slot() == Slot::Bias && m_lab.layers().size() == 1) {
        const SlotRef slot = slotRef(m_lab.network(), m_lab.layers().front(), Slot::Bias);
        const auto tried = m_lab.result(m_model.column(chosen).name);
        if (const QString lost = slot && tried ? lostBiasText(*slot.slot, tried->slot) : QString(); !lost.isEmpty())
            notes << u"▲ "_s + lost;
    }
    if (const QString text = effectsText(m_effects); !text.isEmpty())
        notes << text;
    if (m_lab.againstQuantized())
        notes << tr("▲ The file holds only quantized values: errors are against those, not against the float weights.");
    if (m_model.columnCount() > 0)
        notes << tr(
            "framed: best of its row, unless more than three share it · beside a figure: change against the file");
    m_note->setText(notes.join(u" · "_s));
}

void CompareCandidates::stop()
{
    m_lab.cancel();
    m_effects.cancel();
}

void CompareCandidates::refreshApply()
{
    const int column = m_table->chosen();
    m_remove->setEnabled(column > 0);
    const QString problem = applyProblem(m_session, m_session.currentSlot());
    const bool can = problem.isEmpty() && column > 0 && m_model.column(column).known;
    QString name = column > 0 ? qs(m_model.column(column).name) : QString();
    const QString tip = !problem.isEmpty() ? problem
        : column <= 0                      ? tr("Choose a candidate first.")
                                           : tr("%1 becomes the recipe of %2 (Enter); it can be undone (Ctrl+Z)")
                            .arg(name, m_lab.layers().size() > 1 ? tr("the selected layers") : tr("this layer"));
    if (name.size() > 18)
        name = m_model.column(column).title;
    m_apply->setText(column > 0 ? tr("Apply %1").arg(name) : tr("Apply"));
    m_apply->setEnabled(can);
    m_apply->setToolTip(plainTip(tip));
}

void CompareCandidates::apply()
{
    const int column = m_table->chosen();
    if (!m_apply->isEnabled() || column <= 0)
        return;
    const std::string &candidate = m_model.column(column).name;
    const std::vector<SlotChoice> choices = m_lab.choices(candidate);
    if (choices.empty())
        return;
    const QString layers = choices.size() == 1 ? shownText(choices.front().layer) : tr("%1 layers").arg(choices.size());
    m_session.applyChoices(choices, u"%1 %2: %3"_s.arg(layers, qs(m_lab.slot()), qs(candidate)));
}

void CompareCandidates::refreshSweep() { m_charts->refreshSweep(); }

bool CompareCandidates::idle() const { return m_charts->idle(); }

} // namespace quantscope
