#include "window/help.h"

#include "look/controls.h"
#include "window/actions.h"

#include <QDialog>
#include <QDialogButtonBox>
#include <QGridLayout>
#include <QMessageBox>
#include <QScrollArea>

using namespace Qt::StringLiterals;

namespace quantscope {

void showKeys(QWidget *parent)
{
    QDialog dialog(parent);
    dialog.setWindowTitle(QObject::tr("Keys"));
    auto *column = new QVBoxLayout(&dialog);
    auto *content = new QWidget;
    auto *grid = new QGridLayout(content);
    grid->setHorizontalSpacing(16);
    grid->setVerticalSpacing(5);
    grid->setColumnStretch(1, 1);
    int row = 0;
    const auto add = [&](const QString &key, const QString &text) {
        auto *label = plainLabel(text);
        label->setWordWrap(true);
        grid->addWidget(keyCap(key), row, 0, Qt::AlignRight | Qt::AlignTop);
        grid->addWidget(label, row++, 1);
    };
    for (const ActionRow &action : actionTable()) {
        QStringList keys;
        for (const QKeySequence &key : action.keys)
            keys << key.toString(QKeySequence::NativeText);
        if (!keys.isEmpty())
            add(keys.join(u"  "_s), QString(action.text).remove(u'&').remove(u'…') + u" – "_s + action.tip);
    }
    for (const KeyNote &note : keyNotes())
        add(note.keys, note.text);
    auto *scroll = new QScrollArea;
    scroll->setWidget(content);
    scroll->setWidgetResizable(true);
    column->addWidget(scroll);
    auto *buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    QObject::connect(buttons, &QDialogButtonBox::rejected, &dialog, &QDialog::reject);
    column->addWidget(buttons);
    dialog.resize(720, 640);
    dialog.exec();
}

void showAbout(QWidget *parent)
{
    QMessageBox::about(parent, QObject::tr("QuantScope"),
        QObject::tr("<h3>QuantScope %1</h3><p>An inspector for quantized neural networks on hardware.</p>"
                    "<p>Free software under the GNU General Public License, version 3 or later.</p>")
            .arg(QStringLiteral(QUANTSCOPE_VERSION)));
}

} // namespace quantscope
