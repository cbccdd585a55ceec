#include "panels/problems_panel.h"

#include "items/text.h"
#include "look/controls.h"
#include "look/theme.h"
#include "panels/problem_delegate.h"
#include "session/recipe_python.h"
#include "session/session.h"

#include <QApplication>
#include <QBoxLayout>
#include <QClipboard>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMenu>
#include <QPushButton>
#include <QTableView>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr int kMeasuredProblems = 500; ///< rows whose sentences wrap: more would be measured on every drag

ProblemsPanel::ProblemsPanel(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_title(titleLabel())
    , m_verdict(plainLabel())
    , m_python(textButton(tr("Copy the Python"),
          tr("Presets are assumed. This Python asks the live Brevitas model for every quantizer and writes the recipe "
             "with its proof; it goes to the clipboard with the two lines that call it")))
    , m_table(new QTableView(this))
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(makeHeader());
    setUpProblems();
    column->addWidget(m_table, 1);
    connect(&session, &Session::diagnosticsChanged, this, &ProblemsPanel::onNetwork);
    connect(&session.target(), &TargetStore::changed, this, &ProblemsPanel::onNetwork);
    connect(&Theme::instance(), &Theme::changed, this, &ProblemsPanel::showVerdict);
    onNetwork();
}

QWidget *ProblemsPanel::makeHeader()
{
    auto *header = new QFrame(this);
    header->setProperty("chip", true);
    header->setStyleSheet(u"QFrame { border-radius: 0; }"_s);
    auto *column = new QVBoxLayout(header);
    column->setContentsMargins(12, 7, 12, 7);
    column->setSpacing(2);
    auto *row = new QHBoxLayout;
    row->addWidget(m_title, 1);
    row->addWidget(m_python);
    column->addLayout(row);
    column->addWidget(m_verdict);
    m_title->setObjectName(u"problems-title"_s);
    m_verdict->setObjectName(u"problems-verdict"_s);
    m_verdict->setWordWrap(true);
    m_python->setObjectName(u"problems-python"_s);
    m_python->setFont(Theme::sans(0.92));
    m_python->hide();
    connect(m_python, &QPushButton::clicked, this,
        [this] { QGuiApplication::clipboard()->setText(recipePython(m_session.path())); });
    return header;
}

void ProblemsPanel::setUpProblems()
{
    setUpTable(m_table, tr("Problems"));
    m_table->setObjectName(u"problems"_s);
    m_table->setModel(&m_model);
    m_table->setItemDelegate(new ProblemDelegate(m_table));
    m_table->horizontalHeader()->hide();
    m_table->horizontalHeader()->setSectionResizeMode(ProblemModel::TextColumn, QHeaderView::Stretch);
    m_table->setColumnWidth(ProblemModel::SeverityColumn, 54);
    m_table->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_table->setContextMenuPolicy(Qt::CustomContextMenu);
    m_table->installEventFilter(this);
    // After the table has placed its scroll bar, whose width the sentences lose.
    m_measure.setSingleShot(true);
    connect(&m_measure, &QTimer::timeout, this, &ProblemsPanel::fitRows);
    connect(m_table->horizontalHeader(), &QHeaderView::sectionResized, this, [this] { m_measure.start(0); });
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
        [this](const QModelIndex &current, const QModelIndex &previous) {
            if (previous.isValid() && isShort())
                m_table->resizeRowToContents(previous.row());
            else if (previous.isValid())
                m_table->setRowHeight(previous.row(), m_table->verticalHeader()->defaultSectionSize());
            if (current.isValid())
                m_table->resizeRowToContents(current.row());
        });
    connect(m_table, &QTableView::activated, this, [this](const QModelIndex &index) {
        if (const Finding *finding = m_model.finding(index.row()))
            Q_EMIT activated(placeOf(*m_model.checked()->network, *finding, m_session.presetsApply()));
    });
    connect(m_table, &QTableView::clicked, this, [this](const QModelIndex &index) {
        const bool again = m_folded.isValid() && m_folded.elapsed() < QApplication::doubleClickInterval();
        if (m_model.isGroup(index.row()) && !again)
            setFolded(index.row(), !m_model.isFolded(index.row()));
    });
    connect(m_table, &QWidget::customContextMenuRequested, this, [this](const QPoint &at) {
        const QModelIndex index = m_table->indexAt(at);
        if (QMenu *shown = menu((index.isValid() ? index : m_table->currentIndex()).row()))
            shown->popup(m_table->viewport()->mapToGlobal(at));
    });
}

bool ProblemsPanel::isShort() const { return m_model.rowCount() <= kMeasuredProblems; }

void ProblemsPanel::fitRows()
{
    if (isShort())
        m_table->resizeRowsToContents();
    else if (m_table->currentIndex().isValid())
        m_table->resizeRowToContents(m_table->currentIndex().row());
}

/// With the focus by keys there is a current row to see; groups fold as branches of a tree do.
bool ProblemsPanel::eventFilter(QObject *watched, QEvent *event)
{
    if (watched != m_table)
        return QWidget::eventFilter(watched, event);
    if (event->type() == QEvent::FocusIn && !m_table->currentIndex().isValid()
        && static_cast<QFocusEvent *>(event)->reason() != Qt::MouseFocusReason)
        m_table->selectRow(0);
    const int row = m_table->currentIndex().row();
    if (event->type() == QEvent::ContextMenu
        && static_cast<QContextMenuEvent *>(event)->reason() == QContextMenuEvent::Keyboard) {
        if (QMenu *shown = menu(row)) // by keys it is that of the current row, wherever the pointer is
            shown->popup(m_table->viewport()->mapToGlobal(m_table->visualRect(m_table->currentIndex()).bottomLeft()));
        return true;
    }
    if (event->type() != QEvent::KeyPress || row < 0 || !m_model.isGroup(row))
        return QWidget::eventFilter(watched, event);
    switch (static_cast<QKeyEvent *>(event)->key()) {
    case Qt::Key_Return:
    case Qt::Key_Enter:
    case Qt::Key_Space: setFolded(row, !m_model.isFolded(row)); return true;
    case Qt::Key_Right: setFolded(row, false); return true;
    case Qt::Key_Left: setFolded(row, true); return true;
    default: return QWidget::eventFilter(watched, event);
    }
}

void ProblemsPanel::setFolded(int row, bool folded)
{
    m_folded.start();
    m_model.setFolded(row, folded);
    select(row); // what stands above it stays
    fitRows();
}

void ProblemsPanel::select(int row)
{
    const QModelIndex index = m_model.index(row, ProblemModel::TextColumn);
    m_table->selectionModel()->setCurrentIndex(index, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
}

void ProblemsPanel::onNetwork()
{
    const auto &checked = m_session.target().checked();
    if (const int row = m_table->currentIndex().row(); row >= 0 && m_model.finding(row) != nullptr)
        m_at = *m_model.finding(row);
    if (m_session.path() != m_path)
        m_at.reset();
    m_path = m_session.path();
    m_model.setChecked(checked ? checked : saidSoFar(m_session.inspection()));
    const auto &findings = m_model.checked()->result.findings;
    m_title->setText(tr("Problems · %1").arg(groupedText(findings.size())));
    m_python->setVisible(
        std::ranges::any_of(findings, [](const Finding &finding) { return finding.rule == "preset-assumed"; }));
    showVerdict();
    const QFontMetrics metrics(Theme::sans(1.0, true));
    int width = 40;
    for (int row = 0; row < std::min(100, m_model.rowCount()); ++row)
        width = std::max(
            width, metrics.horizontalAdvance(m_model.index(row, ProblemModel::LayerColumn).data().toString()) + 18);
    m_table->setColumnWidth(ProblemModel::LayerColumn, std::min(width, 150));
    if (const auto row = m_at ? m_model.rowOf(*m_at) : std::nullopt)
        select(*row);
    fitRows();
}

void ProblemsPanel::showVerdict()
{
    const Verdict verdict = m_session.target().verdict();
    m_verdict->setText(verdict.text);
    m_verdict->setToolTip(plainTip(verdict.tip));
    QPalette palette = m_verdict->palette();
    palette.setColor(QPalette::WindowText,
        verdict.state == Verdict::State::Refused     ? colours().redText
            : verdict.state == Verdict::State::Taken ? colours().green
                                                     : colours().dim);
    m_verdict->setPalette(palette);
}

QMenu *ProblemsPanel::menu(int row)
{
    if (row < 0 || row >= m_model.rowCount())
        return nullptr;
    auto *menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->setToolTipsVisible(true);
    const Finding *finding = m_model.finding(row);
    if (finding != nullptr) {
        const ProblemPlace place = placeOf(*m_model.checked()->network, *finding, m_session.presetsApply());
        menu->addAction(tr("Go there"), this, [this, place] { Q_EMIT activated(place); })
            ->setToolTip(tr("To the element, the channels or the recipe's row that it is about (Enter)"));
    }
    menu->addAction(tr("Copy"), this, [text = m_model.textOf(row)] { QGuiApplication::clipboard()->setText(text); })
        ->setToolTip(tr("What is wrong, what to do and where the rule comes from, as text"));
    if (finding != nullptr && !finding->fix.empty())
        menu->addAction(
                tr("Copy what to do"), this, [fix = qs(finding->fix)] { QGuiApplication::clipboard()->setText(fix); })
            ->setToolTip(plainTip(qs(finding->fix)));
    addMutes(*menu, row);
    return menu;
}

/// Of a muted one what takes it back.
void ProblemsPanel::addMutes(QMenu &menu, int row)
{
    TargetStore &target = m_session.target();
    const auto network = m_model.checked()->network;
    if (!target.canMute() || network != m_session.network())
        return;
    const Finding *finding = m_model.finding(row);
    const std::string rule = m_model.ruleOf(row);
    const std::string subject = finding != nullptr ? subjectName(*network, finding->subject) : std::string();
    menu.addSeparator();
    if (m_model.isMuted(row)) {
        for (const std::string &pattern : network->recipe.mutes)
            if (rule.empty() || (finding != nullptr ? isMutedBy({pattern}, rule, subject) : pattern.starts_with(rule)))
                menu.addAction(
                        tr("Unmute %1").arg(shownText(pattern)), this, [&target, pattern] { target.unmute(pattern); })
                    ->setToolTip(tr("Takes it out of the recipe's [checks] mute; it can be undone"));
        return;
    }
    if (rule.empty())
        return;
    if (!subject.empty())
        menu.addAction(tr("Mute %1 of %2").arg(qs(rule), shownText(subject)), this,
                [&target, rule, subject] { target.mute(rule, subject); })
            ->setToolTip(tr("The recipe's [checks] mute silences it there; it can be undone"));
    menu.addAction(tr("Mute %1 everywhere").arg(qs(rule)), this, [&target, rule] { target.mute(rule, {}); })
        ->setToolTip(tr("The recipe's [checks] mute silences the rule; it can be undone"));
}

} // namespace quantscope
