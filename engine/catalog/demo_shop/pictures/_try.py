import sys, time
import numpy as np
from PIL import Image
from engine.catalog.demo_shop.pictures import _sketch as S, _compose as C
from engine.catalog.demo_shop.pictures._ramp import rgb
def sheet(pictures, path, cols=6, size=(240,320)):
    rows=-(-len(pictures)//cols)
    out=Image.new("RGB",(cols*size[0]+(cols+1)*8, rows*size[1]+(rows+1)*8),(255,255,255))
    for i,p in enumerate(pictures):
        out.paste(p.resize(size,Image.LANCZOS),(8+(i%cols)*(size[0]+8),8+(i//cols)*(size[1]+8)))
    out.save(path)
