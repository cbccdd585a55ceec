#include "panels/problems_panel.h"

#include "items/text.h"
#include "look/controls.h"
#include "look/theme.h"
#include "panels/layer_delegate.h"
#include "session/recipe_python.h"
#include "session/session.h"

#include <QBoxLayout>
#include <QClipboard>
#include <QFocusEvent>
#include <QGuiApplication>
#include <QHeaderView>
#include <QPainter>
#include <QPushButton>
#include <QTableView>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

/// One line: badge, layer in bold, the sentence. Wraps to as many lines as it needs when there is room.
class ProblemDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        const bool selected = option.state.testFlag(QStyle::State_Selected);
        painter->fillRect(option.rect, selected ? colours().soft : colours().panel);
        painter->setPen(colours().line);
        painter->drawLine(option.rect.bottomLeft(), option.rect.bottomRight());
        const QRect box = option.rect.adjusted(8, 0, -8, 0);
        const QRect line = box.adjusted(0, 5, 0, -5);
        if (index.column() == DiagnosticModel::SeverityColumn) {
            paintBadge(painter, QRect(line.left(), line.top(), line.width(), option.fontMetrics.height()),
                index.data(DiagnosticModel::SeverityRole).toString(), {});
            return;
        }
        const bool layer = index.column() == DiagnosticModel::LayerColumn;
        painter->setFont(Theme::sans(1.0, layer));
        painter->setPen(colours().text);
        const QString text = index.data().toString();
        if (layer)
            painter->drawText(line, Qt::AlignLeft | Qt::AlignTop,
                painter->fontMetrics().elidedText(text, Qt::ElideMiddle, line.width()));
        else
            painter->drawText(line, Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap, text);
    }
    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        const auto *table = qobject_cast<const QTableView *>(option.widget);
        const int width = table ? table->columnWidth(index.column()) - 16 : 300;
        const QFontMetrics metrics(Theme::sans());
        if (index.column() != DiagnosticModel::TextColumn)
            return {60, metrics.height() + 11};
        return {width,
            metrics.boundingRect(QRect(0, 0, width, 10000), Qt::TextWordWrap, index.data().toString()).height() + 11};
    }
};

ProblemsPanel::ProblemsPanel(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_title(titleLabel())
    , m_summary(dimLabel())
    , m_python(textButton(tr("Copy the Python"),
          tr("Presets are assumed. This Python asks the live Brevitas model for every quantizer and writes the recipe "
             "with its proof; it goes to the clipboard with the two lines that call it")))
    , m_table(new QTableView(this))
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(makeHeader());
    setUpTable(m_table, tr("Problems"));
    m_table->setObjectName(u"problems"_s);
    m_table->setModel(&m_model);
    m_table->setItemDelegate(new ProblemDelegate(m_table));
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->horizontalHeader()->hide();
    m_table->horizontalHeader()->setSectionResizeMode(DiagnosticModel::TextColumn, QHeaderView::Stretch);
    m_table->setColumnWidth(DiagnosticModel::SeverityColumn, 42);
    m_table->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    column->addWidget(m_table, 1);
    // After the table has placed its scroll bar, whose width the sentences lose.
    m_measure.setSingleShot(true);
    connect(&m_measure, &QTimer::timeout, m_table, &QTableView::resizeRowsToContents);
    connect(m_table->horizontalHeader(), &QHeaderView::sectionResized, this, [this] {
        if (m_model.rowCount() <= 500) // more would be measured on every drag
            m_measure.start(0);
    });
    connect(m_table, &QTableView::activated, this, [this](const QModelIndex &index) {
        const DiagnosticRow &row = m_model.row(index.row());
        const auto &slot = row.diagnostic.subject.slot;
        Q_EMIT activated(qs(row.subject), slot ? qs(*slot) : QString(), problemQuery(row.diagnostic));
    });
    connect(&session, &Session::networkChanged, this, &ProblemsPanel::onNetwork);
    connect(&session, &Session::diagnosticsChanged, this, &ProblemsPanel::onNetwork);
    m_table->installEventFilter(this);
    onNetwork();
}

QWidget *ProblemsPanel::makeHeader()
{
    auto *header = new QFrame(this);
    header->setProperty("chip", true);
    header->setStyleSheet(u"QFrame { border-radius: 0; }"_s);
    auto *row = new QHBoxLayout(header);
    row->setContentsMargins(12, 7, 12, 7);
    row->addWidget(m_title);
    row->addWidget(m_summary, 1);
    row->addWidget(m_python);
    m_python->setObjectName(u"problems-python"_s);
    m_python->setFont(Theme::sans(0.92));
    m_python->hide();
    connect(m_python, &QPushButton::clicked, this,
        [this] { QGuiApplication::clipboard()->setText(recipePython(m_session.path())); });
    m_title->setObjectName(u"problems-title"_s);
    return header;
}

/// With the focus by keys there is a current row to see.
bool ProblemsPanel::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == m_table && event->type() == QEvent::FocusIn && !m_table->currentIndex().isValid()
        && static_cast<QFocusEvent *>(event)->reason() != Qt::MouseFocusReason)
        m_table->selectRow(0);
    return QWidget::eventFilter(watched, event);
}

void ProblemsPanel::onNetwork()
{
    m_model.setInspection(m_session.inspection());
    m_title->setText(tr("Problems · %1").arg(m_model.rowCount()));
    QStringList counts;
    const std::pair<Severity, QString> kinds[]
        = {{Severity::Error, tr("error")}, {Severity::Warning, tr("warning")}, {Severity::Note, tr("note")}};
    for (const auto &[severity, word] : kinds)
        if (const int count = m_model.count(severity))
            counts << countText(static_cast<std::uint64_t>(count), word);
    m_python->setVisible(std::ranges::any_of(
        m_model.rows(), [](const DiagnosticRow &row) { return row.diagnostic.rule == "preset-assumed"; }));
    m_summary->setText(counts.isEmpty() ? tr("nothing to report") : counts.join(u", "_s));
    const QFontMetrics metrics(Theme::sans(1.0, true));
    int width = 40;
    for (int row = 0; row < std::min(100, m_model.rowCount()); ++row)
        width = std::max(
            width, metrics.horizontalAdvance(m_model.index(row, DiagnosticModel::LayerColumn).data().toString()) + 18);
    m_table->setColumnWidth(DiagnosticModel::LayerColumn, std::min(width, 150));
    if (m_model.rowCount() <= 500)
        m_table->resizeRowsToContents();
}

} // namespace quantscope
