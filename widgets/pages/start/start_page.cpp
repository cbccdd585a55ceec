#include "pages/start/start_page.h"

#include "items/text.h"
#include "look/theme.h"
#include "pages/start/drop_zone.h"

#include <QBoxLayout>
#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QGridLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMessageBox>
#include <QPushButton>
#include <QScrollArea>
#include <QTableWidget>

using namespace Qt::StringLiterals;

namespace quantscope {

QString StartPage::samplesFolder()
{
    const QDir application(QCoreApplication::applicationDirPath());
    for (const QString &folder : {application.filePath(u"../"_s + QStringLiteral(QUANTSCOPE_INSTALLED_SAMPLES)),
             QStringLiteral(QUANTSCOPE_SAMPLES)})
        if (QFileInfo(folder).isDir())
            return QDir::cleanPath(folder);
    return {};
}

StartPage::StartPage(QWidget *parent)
    : QWidget(parent)
{
    auto *whole = new QVBoxLayout(this);
    whole->setContentsMargins(0, 0, 0, 0);
    auto *scroll = new QScrollArea; // a low window still reaches everything
    scroll->setWidgetResizable(true);
    scroll->setFocusPolicy(Qt::NoFocus);
    whole->addWidget(scroll);
    auto *page = new QWidget;
    scroll->setWidget(page);
    auto *outer = new QHBoxLayout(page);
    outer->setContentsMargins(24, 16, 24, 16);
    auto *content = new QWidget;
    content->setMaximumWidth(1240);
    outer->addWidget(content);
    auto *column = new QVBoxLayout(content);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(14);
    column->addStretch(1);
    auto *titles = new QVBoxLayout;
    titles->setSpacing(2);
    titles->addWidget(titleLabel(tr("Open a quantized model"), 1.7));
    titles->addWidget(dimLabel(tr("Nothing in a file is executed, and nothing leaves this computer.")));
    column->addLayout(titles);
    column->addWidget(makeError());
    auto *row = new QHBoxLayout;
    row->setSpacing(16);
    row->addWidget(makeDropCard(), 0);
    auto *right = new QVBoxLayout;
    right->setSpacing(16);
    right->addWidget(makeSamples());
    right->addWidget(makeRecent(), 1);
    row->addLayout(right, 1);
    column->addLayout(row, 12);
    column->addWidget(makeKeys());
    column->addStretch(1);
}

QWidget *StartPage::makeError()
{
    m_error = new QFrame;
    m_error->setProperty("card", true);
    auto *row = new QHBoxLayout(m_error);
    row->setContentsMargins(14, 10, 14, 10);
    auto *sign = badge(u"error"_s);
    sign->setText(tr("■ not opened"));
    row->addWidget(sign, 0, Qt::AlignTop);
    m_errorText = plainLabel();
    m_errorText->setWordWrap(true);
    m_errorText->setObjectName(u"start-error"_s);
    m_errorText->setTextInteractionFlags(Qt::TextSelectableByMouse);
    row->addWidget(m_errorText, 1);
    m_error->hide();
    return m_error;
}

void StartPage::showError(const QString &text)
{
    m_errorText->setText(text);
    m_error->setVisible(!text.isEmpty());
}

QWidget *StartPage::makeDropCard()
{
    auto *zone = new DropZone;
    connect(zone, &DropZone::chooseRequested, this, &StartPage::chooseRequested);
    return zone;
}

void StartPage::addSample(QGridLayout *grid, int row, int column, const QString &name)
{
    const QFileInfo file(QDir(samplesFolder()).filePath(name));
    if (samplesFolder().isEmpty() || !file.exists())
        return;
    auto *button = textButton(name, file.filePath());
    button->setProperty("link", true);
    button->setFont(Theme::mono());
    button->setAccessibleName(tr("Open the sample %1").arg(name));
    connect(button, &QPushButton::clicked, this, [this, path = file.filePath()] { Q_EMIT openRequested(path); });
    m_samples.push_back(button);
    button->installEventFilter(this); // a button takes arrows for the next one in the order of Tab
    auto *size = monoLabel(byteText(static_cast<std::uint64_t>(file.size())));
    size->setForegroundRole(QPalette::PlaceholderText);
    size->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    grid->addWidget(button, row, column);
    grid->addWidget(size, row, column + 1);
}

static QWidget *twoLines(const QString &title, const QString &text)
{
    auto *widget = new QWidget;
    auto *column = new QVBoxLayout(widget);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(titleLabel(title));
    auto *note = dimLabel(text);
    note->setFont(Theme::sans(0.88));
    note->setWordWrap(true);
    column->addWidget(note);
    return widget;
}

QWidget *StartPage::makeSamples()
{
    auto *card = new Card;
    auto *title = new QHBoxLayout;
    title->addWidget(titleLabel(tr("Samples")));
    auto *about = new ElidedLabel(Qt::ElideRight);
    about->setForegroundRole(QPalette::PlaceholderText);
    about->setFullText(tr("a CNN for 8×8 digits, trained with Brevitas 0.10.2 · 13,710 parameters"));
    title->addWidget(about, 1);
    card->box()->addLayout(title);
    auto *grid = new QGridLayout;
    grid->setHorizontalSpacing(10);
    grid->setVerticalSpacing(6);
    grid->addWidget(dimLabel(tr("Form")), 0, 0);
    grid->addWidget(twoLines(u"digits_fixed"_s, tr("2ⁿ scales · weights 8, 6, 4, 8 bits")), 0, 1, 1, 2);
    grid->addWidget(twoLines(u"digits_float"_s, tr("float scales · weights 8 bits")), 0, 3, 1, 2);
    const std::tuple<QString, QString, const char *> forms[]
        = {{tr("Brevitas state_dict"), tr("float weights; quantizers from the recipe beside it"), "digits_%1.pt"},
            {tr("QONNX"), tr("one Quant node per quantizer, with bits and scale"), "digits_%1_qonnx.onnx"},
            {tr("QCDQ"), tr("int8 and int32 tensors; the biases’ bit width is lost"), "digits_%1_qcdq.onnx"}};
    int row = 1;
    for (const auto &[name, note, pattern] : forms) {
        grid->addWidget(ruler(), row++, 0, 1, 5);
        grid->addWidget(twoLines(name, note), row, 0);
        addSample(grid, row, 1, QString::fromLatin1(pattern).arg(u"fixed"_s));
        addSample(grid, row++, 3, QString::fromLatin1(pattern).arg(u"float"_s));
    }
    grid->setColumnStretch(0, 2);
    grid->setColumnStretch(1, 1);
    grid->setColumnStretch(3, 1);
    card->box()->addLayout(grid);
    return card;
}

QWidget *StartPage::makeRecent()
{
    auto *card = new Card;
    auto *title = new QHBoxLayout;
    title->addWidget(titleLabel(tr("Recent files")));
    title->addStretch(1);
    m_clear = textButton(tr("Clear"), tr("Forget all recent files"));
    m_clear->setProperty("link", true);
    connect(m_clear, &QPushButton::clicked, this, &StartPage::clearRecent);
    title->addWidget(m_clear);
    card->box()->addLayout(title);
    m_recent = new QTableWidget(0, 5);
    setUpTable(m_recent, tr("Recent files"));
    m_recent->setObjectName(u"recent"_s);
    m_recent->setHorizontalHeaderLabels({tr("File"), tr("Format"), tr("State"), tr("Size"), tr("Last opened")});
    for (const int numbers : {3, 4})
        m_recent->horizontalHeaderItem(numbers)->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_recent->setSelectionMode(QAbstractItemView::SingleSelection);
    m_recent->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Ignored); // else notes above would lose their lines
    m_recent->setMinimumHeight(90);
    m_recent->installEventFilter(this);
    m_recent->horizontalHeader()->setSectionResizeMode(2, QHeaderView::Stretch);
    m_recent->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    connect(m_recent, &QTableWidget::activated, this, [this](const QModelIndex &index) {
        Q_EMIT openRequested(m_recent->item(index.row(), 0)->data(Qt::UserRole).toString());
    });
    card->box()->addWidget(m_recent, 1);
    m_noRecent = dimLabel(tr("Models that you open are listed here, with what is known about their quantizers."));
    card->box()->addWidget(m_noRecent);
    card->box()->addStretch(0);
    return card;
}

QWidget *StartPage::makeKeys()
{
    auto *widget = new QWidget;
    auto *row = new QHBoxLayout(widget);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(4);
    const auto add = [row](const QStringList &keys, const QString &text) {
        for (const QString &key : keys)
            row->addWidget(keyCap(key));
        row->addWidget(dimLabel(text));
        row->addSpacing(16);
    };
    add({u"Ctrl"_s, u"O"_s}, tr("open"));
    add({u"↑"_s, u"↓"_s}, tr("move"));
    add({u"Enter"_s}, tr("open the marked file"));
    add({u"F1"_s}, tr("all keys"));
    row->addStretch(1);
    row->addWidget(dimLabel(tr("without a window:")));
    row->addWidget(monoLabel(u"quantscope inspect FILE"_s));
    return widget;
}

void StartPage::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    refreshRecent();
    if (!m_samples.empty() && !m_recent->hasFocus())
        m_samples.front()->setFocus();
}

/// Whether the files are still there is asked on a worker: a network drive that sleeps must not freeze the window.
void StartPage::refreshRecent()
{
    const auto files = Settings::recentFiles();
    std::vector<RecentState> known;
    for (const RecentFile &file : files)
        known.push_back({file, true, false});
    fillRecent(known);
    m_checking.start(
        [known](const Progress &) -> Result<std::vector<RecentState>> {
            auto states = known;
            for (RecentState &state : states) {
                const QFileInfo info(state.file.path);
                state.exists = info.exists();
                state.changed = state.exists
                    && (info.size() != state.file.bytes
                        || info.lastModified().toSecsSinceEpoch() != state.file.modified.toSecsSinceEpoch());
            }
            return states;
        },
        [this](Result<std::vector<RecentState>> states) {
            if (states)
                fillRecent(*states);
        });
}

void StartPage::fillRecent(const std::vector<RecentState> &states)
{
    m_recent->setVisible(!states.empty());
    m_clear->setVisible(!states.empty());
    m_noRecent->setVisible(states.empty());
    const int current = m_recent->currentRow();
    m_recent->setRowCount(static_cast<int>(states.size()));
    for (std::size_t row = 0; row < states.size(); ++row)
        fillRow(static_cast<int>(row), states[row]);
    const QFontMetrics metrics(Theme::mono());
    m_recent->setColumnWidth(0, 230);
    m_recent->setColumnWidth(1, QFontMetrics(Theme::sans()).horizontalAdvance(tr("Brevitas state_dict")) + 24);
    m_recent->setColumnWidth(3, metrics.horizontalAdvance(u"999.9 kB "_s) + 16);
    m_recent->setColumnWidth(4, metrics.horizontalAdvance(u"2026-01-01  00:00"_s) + 20);
    if (current >= 0 && current < m_recent->rowCount())
        m_recent->selectRow(current);
}

void StartPage::fillRow(int row, const RecentState &state)
{
    const RecentFile &file = state.file;
    const QString shown = !state.exists ? tr("not found · Delete removes it")
        : state.changed                 ? tr("▲ changed on disk since")
                                        : (file.warning ? u"▲ "_s : QString()) + file.state;
    const QString texts[] = {shownText(QFileInfo(file.path).fileName()), file.format, shown,
        byteText(static_cast<std::uint64_t>(file.bytes)), file.opened.toString(u"yyyy-MM-dd  HH:mm"_s)};
    for (int column = 0; column < 5; ++column) {
        auto *item = new QTableWidgetItem(texts[column]);
        item->setToolTip(plainTip(shownText(file.path)));
        item->setData(Qt::UserRole, file.path);
        if (column == 0 || column >= 3)
            item->setFont(Theme::mono(0.95));
        if (column >= 3)
            item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
        if (!state.exists)
            item->setForeground(colours().dim);
        m_recent->setItem(row, column, item);
    }
}

void StartPage::clearRecent()
{
    const auto answer = QMessageBox::question(this, tr("Recent files"),
        tr("Forget all %1? The files themselves stay.")
            .arg(countText(Settings::recentFiles().size(), tr("recent file"))),
        QMessageBox::Yes | QMessageBox::Cancel, QMessageBox::Cancel);
    if (answer != QMessageBox::Yes)
        return;
    Settings::clearRecent();
    refreshRecent();
}

/// Between the samples, two in a row, and the recent files below them; false where it is not for this page to move.
bool StartPage::moveBy(int key)
{
    const auto focused = std::find(m_samples.begin(), m_samples.end(), focusWidget());
    const int at = focused == m_samples.end() ? -1 : static_cast<int>(focused - m_samples.begin());
    const int count = static_cast<int>(m_samples.size());
    const int by = key == Qt::Key_Left ? -1
        : key == Qt::Key_Right         ? 1
        : key == Qt::Key_Up            ? -2
        : key == Qt::Key_Down          ? 2
                                       : 0;
    if (by == 0)
        return false;
    if (at < 0 && m_recent->hasFocus()) {
        if (key != Qt::Key_Up || m_recent->currentRow() > 0 || count < 2)
            return false;
        m_recent->clearSelection();
        m_samples[static_cast<std::size_t>(count - 2)]->setFocus(Qt::TabFocusReason);
        return true;
    }
    if (at >= 0 && at + by >= 0 && at + by < count)
        m_samples[static_cast<std::size_t>(at + by)]->setFocus(Qt::TabFocusReason);
    else if (at >= 0 && by == 2 && m_recent->rowCount() > 0) {
        m_recent->setFocus(Qt::TabFocusReason);
        m_recent->selectRow(0);
    }
    return at >= 0;
}

bool StartPage::eventFilter(QObject *watched, QEvent *event)
{
    return (event->type() == QEvent::KeyPress && moveBy(static_cast<QKeyEvent *>(event)->key()))
        || QWidget::eventFilter(watched, event);
}

/// Enter opens the sample that has the focus; Delete forgets a recent file.
void StartPage::keyPressEvent(QKeyEvent *event)
{
    const auto focused = std::find(m_samples.begin(), m_samples.end(), focusWidget());
    switch (event->key()) {
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (focused != m_samples.end())
            (*focused)->click();
        return;
    case Qt::Key_Delete:
        if (m_recent->hasFocus() && m_recent->currentItem()) {
            Settings::removeRecent(m_recent->currentItem()->data(Qt::UserRole).toString());
            refreshRecent();
        }
        return;
    default: QWidget::keyPressEvent(event);
    }
}

} // namespace quantscope
