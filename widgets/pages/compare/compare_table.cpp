#include "pages/compare/compare_table.h"

#include "items/text.h"
#include "look/controls.h"
#include "look/powers.h"
#include "look/table_copy.h"
#include "look/theme.h"

#include <QApplication>
#include <QBoxLayout>
#include <QClipboard>
#include <QKeyEvent>
#include <QPainter>
#include <QScrollBar>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr int kPad = 8;

static QFont valueFont(bool bold) { return Theme::mono(0.95, bold); }
static QFont differenceFont() { return Theme::sans(0.85); }
/// Of the widest that there can be.
static int differenceWidth()
{
    const QFontMetrics metrics(differenceFont());
    int width = 0;
    for (const QString &text : {u"−100 %"_s, u">×999"_s, u"×99.9"_s, u"−100.0"_s, u"−999k"_s, u"+9.9M"_s})
        width = std::max(width, metrics.horizontalAdvance(text));
    return width + 6;
}

void CompareDelegate::paintColumn(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    const bool chosen = option.state.testFlag(QStyle::State_Selected) && index.column() > 0;
    painter->fillRect(option.rect, index.column() == 0 ? colours().tint : colours().panel);
    painter->setPen(colours().line);
    painter->drawLine(option.rect.bottomLeft(), option.rect.bottomRight());
    if (!chosen)
        return;
    const bool last = index.row() == index.model()->rowCount() - 1;
    painter->fillRect(QRect(option.rect.left(), option.rect.top(), 2, option.rect.height()), colours().accent);
    painter->fillRect(QRect(option.rect.right() - 1, option.rect.top(), 2, option.rect.height()), colours().accent);
    if (last)
        painter->fillRect(
            QRect(option.rect.left(), option.rect.bottom() - 1, option.rect.width(), 2), colours().accent);
}

void CompareDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    painter->save();
    paintColumn(painter, option, index);
    const bool best = index.data(CompareModel::BestRole).toBool();
    const bool word = index.data(CompareModel::WordRole).toBool();
    const bool good = index.data(CompareModel::GoodRole).toBool();
    const QString difference = index.data(CompareModel::DifferenceRole).toString();
    const QString value = index.data().toString();
    const int right = word || index.column() == 0 ? kPad : kPad + differenceWidth();
    const QRect box
        = option.rect.adjusted(kPad, 0, -(difference.isEmpty() && !best && index.column() == 0 ? kPad : right), 0);
    painter->setFont(word ? Theme::sans(0.95) : valueFont(best));
    const QFontMetrics metrics(painter->font());
    if (best) {
        const int width = static_cast<int>(exponentsAdvance(painter->font(), value)) + 8;
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(QPen(colours().accent, 1.2));
        painter->setBrush(colours().soft);
        painter->drawRoundedRect(QRectF(box.right() - width + 5, box.center().y() - metrics.height() / 2.0 - 0.5, width,
                                     metrics.height() + 1),
            4, 4);
    }
    painter->setPen(good ? colours().green : word ? colours().dim : colours().text);
    drawExponents(painter, box, Qt::AlignRight | Qt::AlignVCenter, value, Qt::ElideRight);
    if (!difference.isEmpty() && index.column() > 0) {
        painter->setFont(differenceFont());
        painter->setPen(colours().dim);
        const QRect beside = option.rect.adjusted(option.rect.width() - right, 0, -kPad, 0);
        painter->drawText(beside, Qt::AlignRight | Qt::AlignVCenter,
            painter->fontMetrics().elidedText(difference, Qt::ElideRight, beside.width()));
    }
    painter->restore();
}

QSize CompareDelegate::sizeHint(const QStyleOptionViewItem &, const QModelIndex &index) const
{
    const QFontMetrics value(valueFont(true));
    const bool word = index.data(CompareModel::WordRole).toBool() || index.column() == 0;
    const QString text = index.data().toString();
    return {value.horizontalAdvance(text) + 2 * kPad + 8 + (word ? 0 : differenceWidth()), value.height() + 8};
}

CompareHeader::CompareHeader(QWidget *parent)
    : QHeaderView(Qt::Horizontal, parent)
{
    setSectionsClickable(true);
    setHighlightSections(false);
}

QSize CompareHeader::sizeHint() const
{
    return {QHeaderView::sizeHint().width(), QFontMetrics(Theme::sans(0.92)).height() * 2 + 12};
}

QSize CompareHeader::sectionSizeFromContents(int section) const
{
    const QString title = model()->headerData(section, orientation(), Qt::DisplayRole).toString();
    const QString subtitle = model()->headerData(section, orientation(), CompareModel::SubtitleRole).toString();
    const int width = std::max(QFontMetrics(Theme::sans(0.92, true)).horizontalAdvance(title),
        QFontMetrics(Theme::sans(0.85)).horizontalAdvance(subtitle));
    return {std::min(width + 2 * kPad + 4, 210), sizeHint().height()};
}

void CompareHeader::setChosen(int section)
{
    m_chosen = section;
    viewport()->update();
}

void CompareHeader::paintSection(QPainter *painter, const QRect &rect, int section) const
{
    painter->save();
    painter->fillRect(rect, colours().tint);
    painter->setPen(colours().line);
    painter->drawLine(rect.bottomLeft(), rect.bottomRight());
    if (section == m_chosen && section > 0) {
        painter->fillRect(QRect(rect.left(), rect.top(), rect.width(), 2), colours().accent);
        painter->fillRect(QRect(rect.left(), rect.top(), 2, rect.height()), colours().accent);
        painter->fillRect(QRect(rect.right() - 1, rect.top(), 2, rect.height()), colours().accent);
    }
    const QRect box = rect.adjusted(kPad, 4, -kPad, -4);
    painter->setFont(Theme::sans(0.92, true));
    painter->setPen(colours().text);
    const QString title = model()->headerData(section, orientation(), Qt::DisplayRole).toString();
    painter->drawText(
        box, Qt::AlignRight | Qt::AlignTop, painter->fontMetrics().elidedText(title, Qt::ElideMiddle, box.width()));
    painter->setFont(Theme::sans(0.85));
    painter->setPen(colours().dim);
    const QString subtitle = model()->headerData(section, orientation(), CompareModel::SubtitleRole).toString();
    painter->drawText(box, Qt::AlignRight | Qt::AlignBottom,
        painter->fontMetrics().elidedText(subtitle, Qt::ElideRight, box.width()));
    painter->restore();
}

CompareRows::CompareRows(const CompareModel &model, QWidget *parent)
    : QHeaderView(Qt::Vertical, parent)
    , m_compared(model)
{
    setSectionsClickable(true);
    setHighlightSections(false);
}

QSize CompareRows::sizeHint() const
{
    int width = 0;
    for (int row = 0; row < m_compared.rowCount(); ++row)
        width = std::max(width,
            QFontMetrics(Theme::sans(0.95)).horizontalAdvance(figureName(static_cast<CompareFigure>(row)) + u" ▾"_s));
    return {width + 2 * kPad + 8, QHeaderView::sizeHint().height()};
}

void CompareRows::paintSection(QPainter *painter, const QRect &rect, int section) const
{
    painter->save();
    painter->fillRect(rect, colours().panel);
    painter->setPen(colours().line);
    painter->drawLine(rect.bottomLeft(), rect.bottomRight());
    const auto figure = static_cast<CompareFigure>(section);
    const bool ordered = m_compared.order() == figure;
    painter->setFont(Theme::sans(0.95));
    painter->setPen(ordered ? colours().text : colours().dim);
    const QString sign = ordered ? (m_compared.reversed() ? u" ▴"_s : u" ▾"_s) : QString();
    painter->drawText(rect.adjusted(kPad + 6, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, figureName(figure) + sign);
    painter->restore();
}

CompareTable::CompareTable(CompareModel &model, QWidget *parent)
    : QWidget(parent)
    , m_model(model)
    , m_file(new QTableView)
    , m_view(new QTableView)
    , m_header(new CompareHeader(m_view))
{
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    m_file->setHorizontalHeader(new CompareHeader(m_file));
    m_file->setVerticalHeader(new CompareRows(model, m_file));
    m_view->setHorizontalHeader(m_header);
    for (QTableView *view : {m_file, m_view})
        setUp(view);
    m_file->setAccessibleName(tr("The file’s own quantizer"));
    m_view->setAccessibleName(tr("Candidates"));
    m_view->setObjectName(u"candidates"_s);
    m_file->setFocusPolicy(Qt::NoFocus);
    m_file->setSelectionMode(QAbstractItemView::NoSelection);
    m_file->verticalHeader()->show();
    m_file->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_file->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    row->addWidget(m_file);
    row->addWidget(m_view, 1);
    connect(m_file->verticalHeader(), &QHeaderView::sectionClicked, this,
        [this](int figure) { Q_EMIT orderRequested(static_cast<CompareFigure>(figure)); });
    connect(m_view->verticalScrollBar(), &QScrollBar::valueChanged, m_file->verticalScrollBar(), &QScrollBar::setValue);
    connect(m_file->verticalScrollBar(), &QScrollBar::valueChanged, m_view->verticalScrollBar(), &QScrollBar::setValue);
    connect(m_view->selectionModel(), &QItemSelectionModel::currentChanged, this, [this](const QModelIndex &now) {
        if (!now.isValid() || now.column() == m_chosen)
            return;
        m_keyed ? pick(now.column()) : choose(now.column());
    });
    connect(m_header, &QHeaderView::sectionClicked, this, &CompareTable::pick);
    connect(m_file->horizontalHeader(), &QHeaderView::sectionClicked, this, &CompareTable::pick);
    for (QTableView *view : {m_file, m_view})
        connect(view, &QTableView::clicked, this, [this](const QModelIndex &cell) { pick(cell.column()); });
    connect(&model, &QAbstractItemModel::modelReset, this, &CompareTable::onReset);
    m_view->installEventFilter(this);
}

void CompareTable::setUp(QTableView *view)
{
    setUpTable(view, {});
    view->setModel(&m_model);
    view->setItemDelegate(new CompareDelegate(view));
    view->setSelectionBehavior(QAbstractItemView::SelectColumns);
    view->setSelectionMode(QAbstractItemView::SingleSelection);
    const int height = QFontMetrics(valueFont(true)).height() + 7;
    view->verticalHeader()->setMinimumSectionSize(height);
    view->verticalHeader()->setDefaultSectionSize(height);
    view->horizontalHeader()->setMinimumSectionSize(60);
    view->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    view->setHorizontalScrollMode(QAbstractItemView::ScrollPerItem); // no candidate half under the file's column
}

QSize CompareTable::sizeHint() const
{
    const int bar = m_view->horizontalScrollBar()->sizeHint().height();
    return {600,
        m_header->sizeHint().height()
            + std::max(kCompareFigures, m_model.rowCount()) * m_view->verticalHeader()->defaultSectionSize() + bar + 2};
}

void CompareTable::onReset()
{
    m_chosen = -1;
    for (int column = 0; column < m_model.columnCount(); ++column) {
        m_file->setColumnHidden(column, column != 0);
        m_view->setColumnHidden(column, column == 0);
        QTableView *view = column == 0 ? m_file : m_view;
        view->resizeColumnToContents(column);
    }
    if (m_model.columnCount() > 0)
        m_file->setFixedWidth(m_file->verticalHeader()->sizeHint().width() + m_file->columnWidth(0) + 1);
    updateGeometry();
}

void CompareTable::choose(int column)
{
    if (column < 0 || column >= m_model.columnCount())
        return;
    m_chosen = column;
    m_header->setChosen(column);
    const int row = std::max(0, m_view->currentIndex().row());
    if (column > 0) {
        m_view->selectionModel()->setCurrentIndex(m_model.index(row, column), QItemSelectionModel::NoUpdate);
        m_view->selectColumn(column);
        m_view->scrollTo(m_model.index(row, column));
    } else {
        m_view->clearSelection();
    }
    Q_EMIT chosenChanged();
}

void CompareTable::pick(int column)
{
    choose(column);
    if (m_chosen == column)
        Q_EMIT picked();
}

bool CompareTable::onKey(int key)
{
    switch (key) {
    case Qt::Key_Delete:
    case Qt::Key_Backspace: Q_EMIT removeRequested(); return true;
    case Qt::Key_Return:
    case Qt::Key_Enter: Q_EMIT applyRequested(); return true;
    default: return false;
    }
}

bool CompareTable::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == m_view && event->type() == QEvent::KeyPress) {
        auto *key = static_cast<QKeyEvent *>(event);
        if (key->matches(QKeySequence::Copy)) {
            QStringList lines;
            for (int row = 0; row < m_model.rowCount(); ++row) {
                QStringList cells{m_model.headerData(row, Qt::Vertical).toString()};
                for (int column = 0; column < m_model.columnCount(); ++column)
                    cells << copiedCell(m_model.index(row, column).data());
                lines << cells.join(u'\t');
            }
            QStringList names{u"figure"_s};
            for (int column = 0; column < m_model.columnCount(); ++column)
                names << qs(m_model.column(column).name);
            QApplication::clipboard()->setText(names.join(u'\t') + u'\n' + lines.join(u'\n') + u'\n');
            return true;
        }
        m_keyed = key->key() >= Qt::Key_Home && key->key() <= Qt::Key_PageDown;
        return onKey(key->key());
    }
    if (watched == m_view && event->type() == QEvent::KeyRelease)
        m_keyed = false;
    return QWidget::eventFilter(watched, event);
}

} // namespace quantscope
