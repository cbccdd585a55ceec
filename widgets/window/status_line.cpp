#include "window/status_line.h"

#include "items/text.h"
#include "look/controls.h"
#include "look/theme.h"

#include <QLabel>
#include <QProgressBar>
#include <QPushButton>

using namespace Qt::StringLiterals;

namespace quantscope {

StatusLine::StatusLine(QWidget *parent)
    : QStatusBar(parent)
    , m_text(dimLabel())
    , m_undo(dimLabel())
    , m_progress(new QProgressBar)
    , m_cancel(textButton(tr("Cancel"), tr("Stop what is being read, computed or written (Esc)")))
    , m_reload(textButton(tr("Changed on disk: reload"), tr("The file is not what it was when it was read (F5)")))
{
    m_progress->setRange(0, 1000);
    m_progress->setTextVisible(false);
    m_progress->setFixedSize(160, 8);
    m_progress->setAccessibleName(tr("Progress"));
    for (QPushButton *button : {m_cancel, m_reload}) {
        button->setFont(Theme::sans(0.92));
        button->setFlat(true);
    }
    m_reload->setObjectName(u"reload"_s);
    m_cancel->setObjectName(u"status-cancel"_s);
    m_text->setObjectName(u"status"_s);
    m_text->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    addWidget(m_text, 1);
    for (QWidget *widget : {static_cast<QWidget *>(m_reload), static_cast<QWidget *>(m_undo),
             static_cast<QWidget *>(m_progress), static_cast<QWidget *>(m_cancel)})
        addPermanentWidget(widget);
    addPermanentWidget(dimLabel(u"GPL-3.0"_s));
    setSizeGripEnabled(false);
    setContentsMargins(8, 0, 8, 0);
    setProgress(1000);
    setChangedOnDisk(false);
    connect(m_cancel, &QPushButton::clicked, this, &StatusLine::cancelRequested);
    connect(m_reload, &QPushButton::clicked, this, &StatusLine::reloadRequested);
}

void StatusLine::setText(const QString &text)
{
    m_shown = text;
    show();
}

void StatusLine::setProgress(int permille)
{
    m_permille = permille;
    show();
}

void StatusLine::setExport(const QString &text, int permille)
{
    m_export = text;
    m_exported = permille;
    show();
}

void StatusLine::show()
{
    const bool exports = !m_export.isEmpty();
    const bool runs = exports || m_permille < 1000;
    m_text->setText(shownText(exports ? m_export : m_shown));
    m_progress->setVisible(runs);
    m_cancel->setVisible(runs);
    m_progress->setValue(exports ? m_exported : m_permille);
}

void StatusLine::setChangedOnDisk(bool changed) { m_reload->setVisible(changed); }

void StatusLine::setUndoText(const QString &text)
{
    m_undo->setText(text.isEmpty() ? QString() : tr("undo: %1").arg(shownText(text)));
}

} // namespace quantscope
